"""What sections are made of where it is long or shared: figures, tables and sentences."""

"""The live demo: what a visitor sets, solved in a process of its own."""

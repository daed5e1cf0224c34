"""What is told of a topic, a file each: a command shows all of it, a report the first picture and the rest folded."""

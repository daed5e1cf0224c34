"""Use-cases, workspace, configuration and stored runs. What a command or a web page calls."""

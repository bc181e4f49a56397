"""What `sam build` made, as Lambda sees it: task root, layers, environment, and the client of its Runtime API."""

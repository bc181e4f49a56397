"""The output of `sam build` as Lambda runs it: task root, layers, environment, and AWS's runtime client."""

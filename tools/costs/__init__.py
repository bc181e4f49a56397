"""What the service costs: the requests and capacity of the real handlers, times list prices."""

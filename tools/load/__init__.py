"""The load test: a hall of people marked at once on the local stack, and a forecast of the same load on AWS."""

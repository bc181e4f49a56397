"""The service in one process: its functions composed over clients of moto or of the simulator."""

"""The template's settings that decide how fast its queues are consumed."""

from dataclasses import dataclass

from earned.testing.cloudformation import functions, read_template


@dataclass(frozen=True)
class Settings:
    """A function in production: messages a batch, window in seconds, batches at a time, MB of memory."""

    batch_size: int
    window: float
    max_concurrency: int
    memory: int


@dataclass(frozen=True)
class Provisioned:
    """What is ready for a large event: pollers of two queues, capacity units a second (Pollers, WarmThroughput)."""

    attendance: int
    generation: int
    reads: int
    writes: int


def settings() -> dict[str, Settings]:
    return {
        name: Settings(source.batch_size, source.window, source.max_concurrency, function.memory)
        for name, function in functions().items()
        if (source := function.source) and source.max_concurrency
    }


def provisioned() -> Provisioned:
    mappings = read_template()["Mappings"]
    pollers, table = mappings["Provisioned"], mappings["Table"]["large-event"]
    return Provisioned(
        attendance=pollers["Attendance"]["Pollers"],
        generation=pollers["Generation"]["Pollers"],
        reads=table["ReadUnits"],
        writes=table["WriteUnits"],
    )

"""As much of Ray's interface as an evaluation uses, by its documentation, in this process."""

from collections.abc import Callable
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any


class RayError(Exception):
    """A task failed; `cause` is what it raised, where it did."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__("many lines of a traceback")
        self.cause = cause


class FakeRay(ModuleType):
    """A cluster of the given nodes, which runs a task as soon as it is asked for, and again as often as it may."""

    def __init__(self, *resources: dict[str, float]) -> None:
        super().__init__("ray")
        self.exceptions = SimpleNamespace(RayError=RayError)
        self.options: dict[str, Any] = {}
        self._resources = resources

    def init(self, include_dashboard: bool) -> nullcontext[None]:
        return nullcontext()

    def nodes(self) -> list[dict[str, Any]]:
        dead = {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}}
        return [dead, *({"Alive": True, "Resources": resources} for resources in self._resources)]

    def remote(self, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        self.options = options
        return lambda function: SimpleNamespace(remote=lambda *arguments: self._run(function, arguments))

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> RayError | None:
        for _ in range(1 + self.options["max_retries"]):
            try:
                function(*arguments)
                return None
            except Exception as error:
                failure = RayError(error)
                if not isinstance(error, tuple(self.options["retry_exceptions"])):
                    break
        return failure

    def get(self, task: RayError | None) -> None:
        if task is not None:
            raise task

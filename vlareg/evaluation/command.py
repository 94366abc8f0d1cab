"""The command line of an evaluation, and of what is read from its results."""

import sys

from jsonargparse import ArgumentParser, auto_cli
from rich.console import Console

from vlareg.envs.rendering import NoRendererError
from vlareg.evaluation.evaluate import evaluate
from vlareg.evaluation.interfaces import EvaluationStopped
from vlareg.evaluation.ray_shards import evaluate_on_ray
from vlareg.evaluation.reading_commands import COMMANDS, run_reading_command
from vlareg.evaluation.summary import results_table

_EXPECTED = (ValueError, OSError, ModuleNotFoundError, NoRendererError, EvaluationStopped)
_LISTS = ("--tasks", "--render_devices", "--loggers")  # options that take several values


def main(arguments: list[str] | None = None) -> None:
    """Run `evaluate`, or the command named first, with arguments from the command line.

    What is wrong with the arguments, the checkpoint or the machine is one line, and the exit code 1; `python -X dev` shows the
    traceback as well.

    Args:
        arguments: Without the program's name; `sys.argv` if None.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        run_reading_command(arguments[0], arguments[1:])
        return
    try:
        if arguments[:1] == ["ray"]:
            _run_on_ray(arguments[1:])
        else:
            auto_cli(evaluate, args=plain_arguments(arguments))
    except KeyboardInterrupt:
        print(
            "Interrupted. The episodes that had ended are kept; the same command goes on from there.", file=sys.stderr
        )
        sys.exit(130)
    except _EXPECTED as error:
        if sys.flags.dev_mode:
            raise
        sys.exit(f"error: {error}")


def _run_on_ray(arguments: list[str]) -> None:
    parser = ArgumentParser(prog="python eval_libero.py ray", allow_abbrev=False)
    parser.add_function_arguments(evaluate_on_ray, skip={"options"})
    parser.add_function_arguments(evaluate, skip={"shard", "output"})
    options = parser.parse_args(plain_arguments(arguments)).as_dict()
    own = {name: options.pop(name) for name in ("shards", "output", "cpus")}
    Console().print(results_table(evaluate_on_ray(options, **own), str(own["output"])))


def plain_arguments(arguments: list[str]) -> list[str]:
    """Rewrite what people type into what jsonargparse reads: dashes within names, bare switches, lists of values.

    Args:
        arguments: The command line without the program's name.

    Example:
        >>> plain_arguments(["--tasks", "6", "7", "--random-weights", "--batch-size=4", "--render-devices", "0"])
        ['--tasks=[6,7]', '--random_weights=true', '--batch_size=4', '--render_devices=[0]']
    """
    groups: list[list[str]] = []
    for argument in arguments:
        if argument.startswith("--") or not groups:
            groups.append([argument])
        else:
            groups[-1].append(argument)
    return [word for name, *values in groups for word in _plain(name, values)]


def _plain(name: str, values: list[str]) -> list[str]:
    if not name.startswith("--") or name in ("--help", "--print_config"):
        return [name, *values]
    option, equals, value = name.partition("=")
    option = "--" + option[2:].replace("-", "_")
    if equals:
        return [f"{option}={value}", *values]
    if option in _LISTS and not (values and values[0].startswith("[")):
        return [f"{option}=[{','.join(values)}]"]
    return [f"{option}={values[0] if values else 'true'}", *values[1:]]

"""Command lines as people type them, in the form that jsonargparse reads."""


def plain_arguments(arguments: list[str]) -> list[str]:
    """Rewrite dashes within names, switches without a value and lists of values.

    Args:
        arguments: The command line without the program's name.

    Example:
        >>> plain_arguments(["--tasks", "6", "7", "--random-weights", "--batch-size=4", "--image", "black"])
        ['--tasks=[6,7]', '--random_weights=true', '--batch_size=4', '--image=black']
    """
    plain: list[str] = []
    position = 0
    while position < len(arguments):
        name, values = arguments[position], []
        while position + 1 < len(arguments) and not arguments[position + 1].startswith("--"):
            position += 1
            values.append(arguments[position])
        plain += _plain(name, values)
        position += 1
    return plain


def _plain(name: str, values: list[str]) -> list[str]:
    if not name.startswith("--"):
        return [name, *values]
    option, equals, value = name.partition("=")
    option = "--" + option[2:].replace("-", "_")
    if equals or option in ("--help", "--print_config"):
        return [option + equals + value, *values]
    if option == "--tasks" and not (values and values[0].startswith("[")):
        return [f"--tasks=[{','.join(values)}]"]
    return [f"{option}={values[0] if values else 'true'}", *values[1:]]

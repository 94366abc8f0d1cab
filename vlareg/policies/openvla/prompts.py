"""The words around an instruction or a question."""


def action_prompt(instruction: str) -> str:
    """Ask for an action.

    Example:
        >>> action_prompt("Pick up the cup")
        'In: What action should the robot take to pick up the cup?\\nOut:'
    """
    return f"In: What action should the robot take to {instruction.lower()}?\nOut:"


def question_prompt(question: str) -> str:
    """Ask a question about the pictures.

    Example:
        >>> question_prompt("Where is the cup?")
        'In: Where is the cup?\\nOut:'
    """
    return f"In: {question}\nOut:"

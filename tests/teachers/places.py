"""Where in a picture a teacher's feature is from."""

import torch


def brightest_place(teacher, grid, cell):
    """Return the row and column whose feature changes most when the picture changes in one cell of a grid."""
    height, width = teacher.image_size
    images = torch.full((2, 3, height, width), 0.5)
    (row, column), (tall, wide) = cell, (height // grid[0], width // grid[1])
    noise = torch.rand(3, tall, wide, generator=torch.Generator().manual_seed(0))
    images[1, :, row * tall : (row + 1) * tall, column * wide : (column + 1) * wide] = noise
    features, found = teacher(images)
    assert found == grid
    assert features.shape == (2, grid[0] * grid[1], teacher.dim)
    return divmod(int((features[1] - features[0]).norm(dim=1).argmax()), grid[1])

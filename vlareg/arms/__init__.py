"""Arms of an experiment over training seeds: what a regularizer did to its loss, the representation and the robot."""

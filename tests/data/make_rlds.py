"""Write small RLDS shards with TensorBoard's record writer and Google's protocol buffers."""

from io import BytesIO
from pathlib import Path

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image
from tensorboard.summary.writer.record_writer import RecordWriter


def _example_class() -> type:
    """Build `tf.train.Example` from its published definition (tensorflow/core/example/{example,feature}.proto)."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="t", syntax="proto3")
    scalar = descriptor_pb2.FieldDescriptorProto
    for name, kind in (("Bytes", scalar.TYPE_BYTES), ("Float", scalar.TYPE_FLOAT), ("Int64", scalar.TYPE_INT64)):
        file.message_type.add(name=f"{name}List").field.add(name="value", number=1, type=kind, label=3)
    feature = file.message_type.add(name="Feature")
    for number, name in enumerate(("Bytes", "Float", "Int64"), start=1):
        feature.field.add(name=name, number=number, type=11, type_name=f".t.{name}List", label=1, oneof_index=0)
    feature.oneof_decl.add(name="kind")
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=scalar.TYPE_STRING, label=1)
    entry.field.add(name="value", number=2, type=11, type_name=".t.Feature", label=1)
    features.field.add(name="feature", number=1, type=11, type_name=".t.Features.FeatureEntry", label=3)
    example = file.message_type.add(name="Example")
    example.field.add(name="features", number=1, type=11, type_name=".t.Features", label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Example"))


Example = _example_class()


def jpeg(frame: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def episode(instruction: str, steps: int, size: int = 32) -> dict[str, object]:
    """Return the features of an episode: step t has `action[0] = state[0] = t`, and frames that are bright above."""
    actions, states = np.full((steps, 7), 0.5), np.zeros((steps, 8))
    actions[:, 0] = states[:, 0] = np.arange(steps)
    actions[:, 6] = np.where(np.arange(steps) < steps // 2, -1, 1)
    frame = np.zeros((size, size, 3), np.uint8)
    frame[: size // 2] = 200
    return {
        "steps/action": actions.ravel(),
        "steps/observation/state": states.ravel(),
        "steps/observation/image": [jpeg(frame)] * steps,
        "steps/observation/wrist_image": [jpeg(frame)] * steps,
        "steps/language_instruction": [instruction.encode()] * steps,
        "steps/is_last": (np.arange(steps) == steps - 1).astype(int),
        "episode_metadata/file_path": [b"somewhere"],
    }


def write_shard(file: Path, episodes: list[dict[str, object]]) -> Path:
    with file.open("wb") as handle:
        writer = RecordWriter(handle)
        for features in episodes:
            example = Example()
            for key, value in features.items():
                feature = example.features.feature[key]
                kind = "Bytes" if isinstance(value, list) else "Int64" if value.dtype.kind == "i" else "Float"
                getattr(feature, kind).value.extend(value if kind == "Bytes" else value.tolist())
            writer.write(example.SerializeToString())
        writer.flush()
    return file

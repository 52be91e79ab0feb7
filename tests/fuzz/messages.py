"""Changes of ONNX models along their messages: any field of any of them, by reflection."""

import random

import onnx
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.fuzz import mutate

FLOATS = (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE)
OPS = ("Loop", "If", "Identity", "MatMul", "Expand", "Tile", "Reshape", "Concat", "Slice", "LSTM", "Gather", "Nope")


def onnx_model(draw: random.Random, data: bytes) -> bytes:
    if draw.random() < 0.1:
        return mutate.raw(draw, data)
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # a corpus file that is no message any more
        return mutate.raw(draw, data)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        _change(draw, _chosen(draw, model), model)
    try:
        return model.SerializeToString()
    except Exception:  # too deep, too large
        return data


def _chosen(draw: random.Random, message: Message) -> Message:
    """A message within, any depth."""
    while True:
        inner = [m for field, value in message.ListFields() if field.message_type for m in _many(value)]
        if not inner or draw.random() < 0.2:
            return message
        message = draw.choice(inner)


def _many(value: object) -> list[Message]:
    return [value] if isinstance(value, Message) else list(value)  # type: ignore[call-overload]


def _change(draw: random.Random, message: Message, model: Message) -> None:
    field = draw.choice(message.DESCRIPTOR.fields)
    if message.ListFields() and draw.random() < 0.8:
        field = draw.choice(message.ListFields())[0]
    try:
        if draw.random() < 0.1:
            message.ClearField(field.name)
        elif field.is_repeated:
            _repeated(draw, getattr(message, field.name), field, model)
        elif field.message_type:
            getattr(message, field.name).CopyFrom(_other(draw, model, field))
        else:
            setattr(message, field.name, _value(draw, field, getattr(message, field.name)))
    except (ValueError, TypeError):
        pass  # a value that this field cannot hold


def _repeated(draw: random.Random, items, field: FieldDescriptor, model: Message) -> None:  # type: ignore[no-untyped-def]
    k = draw.randrange(len(items)) if items else 0
    if items and draw.random() < 0.3:
        if draw.random() < 0.5:
            del items[k]
        else:
            items.append(items[k])
    elif field.message_type:
        items.append(_other(draw, model, field))
    elif items and draw.random() < 0.7:
        items[k] = _value(draw, field, items[k])
    else:
        items.append(_value(draw, field, 0))


def _other(draw: random.Random, model: Message, field: FieldDescriptor) -> Message:
    """A message of this type from elsewhere in the model, of graphs within graphs too; an empty one if none is met."""
    for _ in range(20):
        found = _chosen(draw, model)
        if found.DESCRIPTOR.full_name == field.message_type.full_name:
            copy = type(found)()
            copy.CopyFrom(found)
            return copy
    return getattr(onnx, field.message_type.name)() if hasattr(onnx, field.message_type.name) else onnx.NodeProto()


def _value(draw: random.Random, field: FieldDescriptor, old: object) -> object:
    if field.type == FieldDescriptor.TYPE_STRING:
        return draw.choice((*mutate.TEXTS[:-3], *OPS, "x", "h", "y", "h_next", "c0", "t0"))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return mutate.raw(draw, old) if isinstance(old, bytes) else draw.randbytes(8)
    if field.type in FLOATS:
        return draw.choice(mutate.REALS)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return draw.choice([v.number for v in field.enum_type.values])
    number = draw.choice((*mutate.NUMBERS, 1000, 30000, 3, 4, 5))
    return number if draw.random() < 0.7 else int(str(old or 0)) + draw.choice((-1, 1))

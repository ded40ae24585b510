"""AWS's own examples, which its clients ship: what they show of an operation's answer, some answer of ours must have.

The model itself says of hardly any member that it is required, so leaving one out would never be a foul.
"""

import botocore.session

# What an example has and Peerless does not, with all below it.
ABSENT = {
    # Images name no volumes.
    "DescribeImages": ["imagesSet[].blockDeviceMapping[]", "imagesSet[].kernelId"],
    # There are no instance profiles.
    "DescribeIamInstanceProfileAssociations": ["iamInstanceProfileAssociationSet[]"],
    # There are no launch templates.
    "DescribeLaunchTemplates": ["launchTemplates[]"],
    # The example has an empty one.
    "DescribeVolumes": ["nextToken"],
}


def complaints(seen):
    """What the examples of the operations that were seen have and no reply had."""
    session = botocore.session.get_session()
    model = session.get_service_model("ec2")
    examples = session.get_component("data_loader").load_service_model("ec2", "examples-1")["examples"]
    found = []
    for service, name in sorted(seen):
        if service != "ec2" or name not in examples:
            continue
        shown = set()
        for example in examples[name]:
            members(example.get("output", {}), model.operation_model(name).output_shape, "", shown)
        absent = tuple(ABSENT.get(name, []))
        for path in absent:
            if path in seen[service, name]:
                found.append(f"{name}: {path} is there, and said to be absent")
        for path in sorted(shown - seen[service, name]):
            if not path.startswith(absent):
                found.append(f"{name}: AWS's example has {path}, no reply has")
    return found


def members(value, shape, path, shown):
    """The paths of all members of an example, as they are on the wire."""
    if shape is None:
        return
    if path:
        shown.add(path)
    if shape.type_name == "structure":
        for name, below in value.items():
            # Some examples are older than the model.
            if name in shape.members:
                member = shape.members[name]
                local = member.serialization.get("name", name)
                members(below, member, f"{path}.{local}" if path else local, shown)
    elif shape.type_name == "list":
        for below in value:
            members(below, shape.member, f"{path}[]", shown)

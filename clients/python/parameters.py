"""Writes AWS's parameters of the operations on standard input, lines of a service and an operation, as its model has them.

A line each: the service, the operation, and the path of every parameter, with N for the numbers of lists. The page of
operations is made from it without Python: `make operations` runs both.
"""

import sys

import botocore
import botocore.session


def main():
    session = botocore.session.get_session()
    print(f"# AWS's parameters, as botocore {botocore.__version__} has them. Made by: make operations")
    for line in sys.stdin:
        service, name = line.split()
        shape = session.get_service_model(service).operation_model(name).input_shape
        paths = []
        if shape is not None:
            walk(shape, [], (), paths)
        print(service, name, *paths)


def walk(shape, path, above, paths):
    if shape.type_name == "structure" and shape.name not in above:
        for name, member in shape.members.items():
            walk(member, [*path, wire_name(name, member)], (*above, shape.name), paths)
    elif shape.type_name == "list":
        walk(shape.member, [*path, "N"], above, paths)
    else:
        paths.append(".".join(path))


def wire_name(name, member):
    """<https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution>"""
    name = member.serialization.get("name", name)
    return member.serialization.get("queryName") or name[0].upper() + name[1:]


main()

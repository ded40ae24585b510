"""AWS's published service model is the referee of every reply.

A `Referee` listens to a botocore session and reads the raw body of each reply itself, for botocore's own parser forgives:
it skips elements that the model does not have, and takes almost anything for a time or a truth value. What breaks the
model is a foul, and fails the call that got it.
"""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict

# As AWS writes them: UTC, with milliseconds.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ERROR_CODE = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*")
INTEGERS = {"integer": 31, "long": 63}

# What AWS answers against its own model.
EXCEPTIONS = {
    # "the state is available when attached to a VPC":
    # <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGatewayAttachment.html>
    ("DescribeInternetGateways", "internetGatewaySet[].attachmentSet[].state"): "available",
    # The model has no word for the interface of an EC2 Instance Connect Endpoint; people report this one.
    ("DescribeNetworkInterfaces", "networkInterfaceSet[].interfaceType"): "ec2_instance_connect_endpoint",
}


class Foul(AssertionError):
    """A reply that is not what the model says."""


class Referee:
    """Who has seen what of which operation."""

    def __init__(self):
        # The paths of the members that were seen in successful replies, by service and operation.
        self.seen = defaultdict(set)
        # The codes of the refusals that were seen, by service and operation.
        self.refused = defaultdict(set)

    def watch(self, session):
        """Looks at every reply that a client of this session gets."""

        def handler(event_name, response_dict, **_):
            # None: there was no reply at all.
            if response_dict is not None:
                _, service, operation = event_name.split(".")
                service = service.replace("-", "_")
                model = session.get_service_model(SERVICES[service])
                self.judge(model, operation, response_dict)

        session.register("response-received", handler)

    def judge(self, model, operation, response):
        """Finds what is wrong with one reply."""
        status, body, headers = response["status_code"], response["body"], response["headers"]
        reading = Reading(model.operation_model(operation))
        name = (model.service_name, operation)
        if model.protocol == "json":
            reading.json(status, body, headers)
        else:
            reading.xml(status, body, headers, model.protocol)
        if status < 300:
            self.seen[name] |= reading.paths | {""}
        else:
            self.refused[name].add(reading.code)
        if reading.fouls:
            raise Foul(f"{operation}, status {status}:\n  " + "\n  ".join(reading.fouls) + f"\n{body.decode()}")


# botocore's events name a service by its id, its models by their folder.
SERVICES = {"ec2": "ec2", "sts": "sts", "ec2_instance_connect": "ec2-instance-connect"}


class Reading:
    """One reply, being read."""

    def __init__(self, operation):
        self.operation = operation
        self.fouls = []
        self.paths = set()
        self.code = None

    def foul(self, path, what):
        self.fouls.append(f"{path or 'the root'}: {what}")

    def xml(self, status, body, headers, protocol):
        if not headers.get("content-type", "").startswith("text/xml"):
            self.foul("", f"its type is {headers.get('content-type')}")
        root = ElementTree.fromstring(body)
        if status >= 300:
            self.refusal(status, root, protocol)
        else:
            self.success(root, protocol)

    def success(self, root, protocol):
        name, version = self.operation.name, self.operation.service_model.api_version
        host = self.operation.service_model.metadata.get("xmlNamespace") or f"http://ec2.amazonaws.com/doc/{version}"
        namespace, local = split(root.tag)
        if local != f"{name}Response" or namespace.rstrip("/") != host.rstrip("/"):
            self.foul("", f"it is <{root.tag}>")
        children = list(root)
        if protocol == "query":
            result, metadata = children if len(children) == 2 else (None, None)
            if result is None or split(result.tag)[1] != f"{name}Result" or split(metadata.tag)[1] != "ResponseMetadata":
                self.foul("", "it is not a result and its metadata")
                return
            self.request_id(metadata.find("{*}RequestId"))
            children = list(result)
        else:
            # The model does not have it, for every reply does: it comes first.
            if not children or split(children[0].tag)[1] != "requestId":
                self.foul("", "it does not begin with requestId")
                return
            self.request_id(children.pop(0))
        shape = self.operation.output_shape
        if shape is not None:
            self.structure(children, shape, "")
        elif [(split(child.tag)[1], child.text) for child in children] != [("return", "true")]:
            # <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html>: not in the model, yet there.
            self.foul("", "an operation without output answers <return>true</return>")

    def refusal(self, status, root, protocol):
        """`<Response><Errors><Error><Code>…`; only EC2 writes it like this.

        <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        """
        names = [split(child.tag)[1] for child in root]
        wanted = ("Response", ["Errors", "RequestID"]) if protocol == "ec2" else ("ErrorResponse", ["Error", "RequestId"])
        if (split(root.tag)[1], names) != wanted or not 400 <= status < 600:
            self.foul("", f"<{root.tag}> with {names} is no refusal")
            return
        self.request_id(root[1])
        error = root[0][0] if protocol == "ec2" and len(root[0]) == 1 else root[0]
        texts = {split(child.tag)[1]: child.text for child in error}
        self.code = texts.get("Code")
        if set(texts) - {"Type"} != {"Code", "Message"} or not all(texts.values()) or not ERROR_CODE.fullmatch(self.code):
            self.foul("Errors", f"{texts} are no code and message")

    def json(self, status, body, headers):
        if headers.get("content-type") != "application/x-amz-json-1.1":
            self.foul("", f"its type is {headers.get('content-type')}")
        document = json.loads(body)
        if status >= 300:
            self.code = document.get("__type")
            known = [shape.error_code for shape in self.operation.error_shapes]
            if self.code not in known or not document.get("Message"):
                self.foul("", f"it is no code of {known} and message")
            return
        members = self.operation.output_shape.members
        self.paths |= set(document)
        for name, value in document.items():
            kinds = {"string": str, "boolean": bool, "integer": int}
            if name not in members:
                self.foul(name, "the model does not have it")
            elif not isinstance(value, kinds.get(members[name].type_name, object)):
                self.foul(name, f"{value!r} is no {members[name].type_name}")

    def request_id(self, element):
        if element is None or not REQUEST_ID.fullmatch(element.text or ""):
            self.foul("", "its request id is no UUID")

    def value(self, element, shape, path):
        self.paths.add(path)
        if shape.type_name == "structure":
            self.text_free(element, path)
            self.structure(list(element), shape, path)
        elif shape.type_name == "list":
            self.text_free(element, path)
            name = shape.member.serialization.get("name", "member")
            for child in element:
                if split(child.tag)[1] != name:
                    self.foul(path, f"<{split(child.tag)[1]}> in a list of <{name}>")
                else:
                    self.value(child, shape.member, f"{path}[]")
        else:
            self.scalar(element, shape, path)

    def structure(self, children, shape, path):
        members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        there = set()
        for child in children:
            local = split(child.tag)[1]
            below = f"{path}.{local}" if path else local
            if local not in members:
                self.foul(below, "the model does not have it")
                continue
            if local in there:
                self.foul(below, "it is there twice")
            there.add(local)
            self.value(child, members[local][1], below)
        for local, (name, _) in members.items():
            if name in shape.required_members and local not in there:
                self.foul(f"{path}.{local}", "the model requires it")

    def text_free(self, element, path):
        if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
            self.foul(path, f"text {element.text!r} among elements")

    def scalar(self, element, shape, path):
        text, kind = element.text or "", shape.type_name
        if len(element):
            self.foul(path, f"elements in a {kind}")
        elif kind == "string":
            enum = getattr(shape, "enum", [])
            if enum and text not in enum and EXCEPTIONS.get((self.operation.name, path)) != text:
                self.foul(path, f"{text!r} is none of {enum}")
        elif kind == "boolean":
            if text not in ("true", "false"):
                self.foul(path, f"{text!r} is no truth value")
        elif kind in INTEGERS:
            if not re.fullmatch(r"-?\d+", text) or not -(2 ** INTEGERS[kind]) <= int(text) < 2 ** INTEGERS[kind]:
                self.foul(path, f"{text!r} is no {kind}")
        elif kind in ("float", "double"):
            if not re.fullmatch(r"-?\d+(\.\d+)?", text):
                self.foul(path, f"{text!r} is no {kind}")
        elif kind == "timestamp":
            if not TIME.fullmatch(text):
                self.foul(path, f"{text!r} is no time in UTC with milliseconds")
        elif kind == "blob":
            base64.b64decode(text, validate=True)
        else:
            raise NotImplementedError(kind)


def split(tag):
    """Namespace and name of an element."""
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name

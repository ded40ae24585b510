"""The referee sees what botocore's own parser forgives."""

import unittest

import botocore.session

from referee import Foul, Referee

REPLY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>158271c4-d735-4d65-a3ec-300dd6f2c98f</requestId><reservationSet><item><instancesSet><item>"
    "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>16</code><name>running</name></instanceState>"
    "<launchTime>2026-01-31T12:00:00.000Z</launchTime><ebsOptimized>false</ebsOptimized>"
    "</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
)
REFUSAL = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>It is not.</Message>'
    "</Error></Errors><RequestID>158271c4-d735-4d65-a3ec-300dd6f2c98f</RequestID></Response>"
)


class OfTheReferee(unittest.TestCase):
    """One reply, and the same with one thing wrong."""

    @classmethod
    def setUpClass(cls):
        cls.model = botocore.session.get_session().get_service_model("ec2")

    def judge(self, body, status=200):
        headers = {"content-type": "text/xml;charset=UTF-8"}
        Referee().judge(self.model, "DescribeInstances", {"status_code": status, "body": body.encode(), "headers": headers})

    def test_what_is_right_is_no_foul(self):
        self.judge(REPLY)
        self.judge(REFUSAL, 400)

    def test_one_thing_wrong_is_a_foul(self):
        for right, wrong, foul in (
            ("<ebsOptimized>false</ebsOptimized>", "<colour>red</colour>", "colour: the model does not have it"),
            ("<ebsOptimized>false<", "<ebsOptimized>0<", "'0' is no truth value"),
            ("<code>16<", "<code>sixteen<", "'sixteen' is no integer"),
            ("<name>running<", "<name>walking<", "'walking' is none of"),
            (".000Z", "Z", "is no time in UTC with milliseconds"),
            ("<launchTime>", "<ebsOptimized>true</ebsOptimized><launchTime>", "ebsOptimized: it is there twice"),
            ("<instancesSet><item>", "<instancesSet>x<item>", "text 'x' among elements"),
            ("<reservationSet><item><instancesSet>", "<reservationSet><member><instancesSet>", "<member> in a list of <item>"),
            ("<requestId>158271c4-d735-4d65-a3ec-300dd6f2c98f</requestId>", "", "it does not begin with requestId"),
            ("158271c4-", "", "its request id is no UUID"),
            ("2016-11-15/", "2015-10-01/", "the root: it is <{http://ec2.amazonaws.com/doc/2015-10-01/}"),
        ):
            body = REPLY.replace(right, wrong)
            if "<member>" in wrong:
                body = body.replace("</item></reservationSet>", "</member></reservationSet>")
            with self.subTest(foul), self.assertRaisesRegex(Foul, foul.replace("{", r"\{").replace("}", r"\}")):
                self.judge(body)
        for right, wrong in (("RequestID>", "RequestId>"), ("It is not.", ""), ("InvalidVpcID.NotFound", "no such VPC"), ("Errors>", "Faults>")):
            with self.subTest(wrong), self.assertRaises(Foul):
                self.judge(REFUSAL.replace(right, wrong), 400)

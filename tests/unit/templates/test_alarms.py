"""The alarms: what they watch, and whom they reach."""

from tools.cloudformation import INFRA, read_template

OBSERVABILITY = read_template(INFRA / "observability.yaml")
ROOT_STACK = read_template()


def test_an_address_is_subscribed_to_the_alarms() -> None:
    subscription = OBSERVABILITY["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
        "TopicArn": {"Ref": "Alarms"},
    }
    given = ROOT_STACK["Resources"]["Observability"]["Properties"]["Parameters"]
    assert given["AlarmEmail"] == {"Ref": "AlarmEmail"}


def test_the_topic_of_the_alarms_is_an_output() -> None:
    assert ROOT_STACK["Outputs"]["AlarmsTopicArn"]["Value"] == {
        "Fn::GetAtt": ["Observability", "Outputs.AlarmsTopicArn"]
    }

"""The deployed templates as stacks of moto's CloudFormation, which operator commands ask for their outputs."""

import warnings

from earned.testing import cloudformation
from earned.testing.stacks import KEY, Client


def stand_up(stack: str, client: Client) -> dict[str, str]:
    """As `earned.testing.stacks.stand_up`."""
    body = (cloudformation.INFRA / f"{stack}.yaml").read_text()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tried to parse AWS")  # moto has no policies; tests read them in the template
        client("cloudformation").create_stack(
            StackName=stack, TemplateBody=body, Parameters=[{"ParameterKey": "KeyArn", "ParameterValue": KEY}]
        )
    [described] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

/**
 * The pictures of the README, of a lab in which a group lets no ping in: with PEERLESS_PICTURES naming a folder, as root in
 * a sandbox. Nothing is compared: who changes the console looks at them.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { launch, open, PATIENCE, PLACE } from "./browser";
import { start } from "./daemon";
import { client, makeLab } from "./lab";

const folder = process.env.PEERLESS_PICTURES;

test.runIf(folder)("pictures", async () => {
  const [daemon, browser] = await Promise.all([start({ packets: true }), launch()]);
  try {
    const call = client(daemon.url);
    const { one, two, instances, allocationId } = await makeLab(daemon.url);
    const reservations = () =>
      call<{ reservationSet: { instancesSet: { instanceState: { name: string }; privateIpAddress: string }[] }[] }>("DescribeInstances");
    const all = async () => (await reservations()).reservationSet.flatMap(({ instancesSet }) => instancesSet);
    while ((await all()).some(({ instanceState }) => instanceState.name !== "running"))
      await new Promise((again) => setTimeout(again, 100));
    await call("AssociateAddress", { InstanceId: instances[0], AllocationId: allocationId });
    const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string }[] }>("DescribeSecurityGroups", {
      Filter: [{ Name: "vpc-id", Value: [one.vpcId] }],
    });
    await call("AuthorizeSecurityGroupIngress", {
      GroupId: securityGroupInfo[0]!.groupId,
      IpPermissions: [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "18.206.107.24/29" }] }],
    });
    const { page, complaints, go, settled } = await open(browser, daemon.url, { width: 1280, height: 800 });
    const shoot = (name: string) => page.screenshot({ path: join(folder!, `${name}.png`) });
    const called = (await all()).find(({ privateIpAddress }) => privateIpAddress.startsWith("10.2."))!.privateIpAddress;

    await page.goto(`${daemon.url}${PLACE}/ec2/instances/${instances[0]}/terminal?via=eic&user=ec2-user`);
    await expect.poll(() => page.locator(".xterm-rows").innerText(), { timeout: PATIENCE }).toContain("~]$");
    await page.keyboard.type(`ping ${called}\n`);
    await page
      .getByText(/dropped/)
      .first()
      .waitFor();
    // Some more, so that there is something to count.
    await page.waitForTimeout(5000);
    await shoot("terminal");

    const map = await open(browser, daemon.url, { width: 1280, height: 800 });
    await map.go(`/vpc/vpcs/${two.vpcId}?tab=resource-map`);
    await map.settled();
    await map.page.waitForTimeout(6000);
    await map.page.screenshot({ path: join(folder!, "map.png") });

    await go(`/explain?from=${instances[0]}&to=${instances[1]}&protocol=icmp`);
    await settled();
    await shoot("explain");
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await daemon.stop();
  }
});

/** The Quick Start tiles: which image each stands for. Pure. */
import type { Image, InstanceType } from "../api/types";

export interface QuickStart {
  name: string;
  /** The menu's word for its newest image. */
  title: string;
  /** Whom one logs in as. */
  user: string;
  image: Image;
}

const TILES: [name: string, title: string, user: string, pattern: RegExp][] = [
  ["Amazon Linux", "Amazon Linux 2023 AMI", "ec2-user", /al2023-ami-/],
  ["Ubuntu", "Ubuntu Server 24.04 LTS", "ubuntu", /ubuntu-noble-24\.04/],
  ["Debian", "Debian 12", "admin", /^debian-12-/],
];

/** The tiles for which there is an image: the newest one each. */
export function quickStarts(images: readonly Image[]): QuickStart[] {
  return TILES.flatMap(([name, title, user, pattern]) => {
    const [image] = images.filter((image) => pattern.test(image.name)).sort((a, b) => b.creationDate.localeCompare(a.creationDate));
    return image ? [{ name, title, user, image }] : [];
  });
}

/** What the menu says of an instance type. */
export function aboutType({ vCpuInfo, memoryInfo, freeTierEligible }: InstanceType): string {
  const memory = `${Number(memoryInfo.sizeInMiB) / 1024} GiB Memory`;
  return [`${vCpuInfo.defaultVCpus} vCPU`, memory, freeTierEligible === "true" && "Free tier eligible"].filter(Boolean).join(", ");
}

/** What costs nothing on AWS first, then families, each from small to large. */
export function inOrder(types: readonly InstanceType[]): InstanceType[] {
  const family = (type: InstanceType) => type.instanceType.split(".")[0] ?? "";
  const memory = (type: InstanceType) => Number(type.memoryInfo.sizeInMiB);
  const isFree = (type: InstanceType) => Number(type.freeTierEligible === "true");
  return [...types].sort((a, b) => isFree(b) - isFree(a) || family(a).localeCompare(family(b)) || memory(a) - memory(b));
}

/** The name of the group that the next launch makes: `launch-wizard-N`. */
export function nextWizardName(names: readonly string[]): string {
  const numbers = names.flatMap((name) => /^launch-wizard-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return `launch-wizard-${Math.max(0, ...numbers) + 1}`;
}

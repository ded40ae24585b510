/** The Quick Start tiles: which image each stands for. Pure. */
import type { Image } from "../api/types";

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

/** The instance types that Peerless has; the API says so if one is not. */
export const TYPES: [name: string, about: string][] = [
  ["t2.nano", "1 vCPU, 0.5 GiB"],
  ["t2.micro", "1 vCPU, 1 GiB"],
  ["t2.small", "1 vCPU, 2 GiB"],
  ["t2.medium", "2 vCPU, 4 GiB"],
  ["t2.large", "2 vCPU, 8 GiB"],
  ["t3.nano", "2 vCPU, 0.5 GiB"],
  ["t3.micro", "2 vCPU, 1 GiB"],
  ["t3.small", "2 vCPU, 2 GiB"],
  ["t3.medium", "2 vCPU, 4 GiB"],
  ["t3.large", "2 vCPU, 8 GiB"],
  ["t3.xlarge", "4 vCPU, 16 GiB"],
  ["t3a.micro", "2 vCPU, 1 GiB"],
  ["t3a.small", "2 vCPU, 2 GiB"],
  ["m5.large", "2 vCPU, 8 GiB"],
  ["m5.xlarge", "4 vCPU, 16 GiB"],
  ["c5.large", "2 vCPU, 4 GiB"],
  ["c5.xlarge", "4 vCPU, 8 GiB"],
];

/** The name of the group that the next launch makes: `launch-wizard-N`. */
export function nextWizardName(names: readonly string[]): string {
  const numbers = names.flatMap((name) => /^launch-wizard-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return `launch-wizard-${Math.max(0, ...numbers) + 1}`;
}

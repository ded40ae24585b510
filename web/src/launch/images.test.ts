import { expect, test } from "vitest";
import type { Image, InstanceType } from "../api/types";
import { aboutType, inOrder, nextWizardName, quickStarts } from "./images";

const image = (name: string, creationDate: string) => ({ imageId: `ami-${creationDate}`, name, creationDate }) as Image;

test("a tile stands for the newest image of its kind, and only if there is one", () => {
  const images = [image("al2023-ami-2023.1-x86_64", "2024"), image("al2023-ami-2023.9-x86_64", "2025"), image("my-own", "2026")];
  expect(quickStarts(images).map(({ name, image }) => [name, image.imageId])).toEqual([["Amazon Linux", "ami-2025"]]);
});

test("groups of the launch wizard are counted on", () => {
  expect(nextWizardName([])).toBe("launch-wizard-1");
  expect(nextWizardName(["launch-wizard-2", "launch-wizard-10", "default", "launch-wizard-x"])).toBe("launch-wizard-11");
});

test("instance types are told and ordered as one chooses them", () => {
  const type = (instanceType: string, sizeInMiB: string, freeTierEligible: "true" | "false" = "false"): InstanceType => ({
    instanceType,
    vCpuInfo: { defaultVCpus: "2" },
    memoryInfo: { sizeInMiB },
    freeTierEligible,
  });
  const types = [
    type("t3.large", "8192"),
    type("c5.xlarge", "8192"),
    type("t3.nano", "512"),
    type("t3.micro", "1024", "true"),
    type("c5.large", "4096"),
  ];
  expect(inOrder(types).map((type) => type.instanceType)).toEqual(["t3.micro", "c5.large", "c5.xlarge", "t3.nano", "t3.large"]);
  expect(aboutType(types[2]!)).toBe("2 vCPU, 0.5 GiB Memory");
  expect(aboutType(types[3]!)).toBe("2 vCPU, 1 GiB Memory, Free tier eligible");
});

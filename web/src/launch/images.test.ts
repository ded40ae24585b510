import { expect, test } from "vitest";
import type { Image } from "../api/types";
import { nextWizardName, quickStarts } from "./images";

const image = (name: string, creationDate: string) => ({ imageId: `ami-${creationDate}`, name, creationDate }) as Image;

test("a tile stands for the newest image of its kind, and only if there is one", () => {
  const images = [image("al2023-ami-2023.1-x86_64", "2024"), image("al2023-ami-2023.9-x86_64", "2025"), image("my-own", "2026")];
  expect(quickStarts(images).map(({ name, image }) => [name, image.imageId])).toEqual([["Amazon Linux", "ami-2025"]]);
});

test("groups of the launch wizard are counted on", () => {
  expect(nextWizardName([])).toBe("launch-wizard-1");
  expect(nextWizardName(["launch-wizard-2", "launch-wizard-10", "default", "launch-wizard-x"])).toBe("launch-wizard-11");
});

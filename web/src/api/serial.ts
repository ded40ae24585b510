/** Whether the account lets the serial consoles of its instances in the Region be opened. */
import { useQuery } from "@tanstack/react-query";
import { call } from "./ec2";

interface Status {
  serialConsoleAccessEnabled: string;
}

/** Undefined until it is known. */
export function useSerialConsoleAccess(): boolean | undefined {
  const { data } = useQuery({ queryKey: ["ec2", "serial-console-access"], queryFn: () => call<Status>("GetSerialConsoleAccessStatus") });
  return data && data.serialConsoleAccessEnabled === "true";
}

export const setSerialConsoleAccess = (isAllowed: boolean) => call(isAllowed ? "EnableSerialConsoleAccess" : "DisableSerialConsoleAccess");

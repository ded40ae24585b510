/** Starting analyses. */
import { call } from "../api/ec2";
import type { Result } from "../frame/results";

/** A word that was never said before. `randomUUID` is not there on pages that come over plain HTTP from elsewhere. */
export const newToken = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Starts an analysis of the path, and says where it is. */
export async function analyze(path: string): Promise<Result> {
  const parameters = { NetworkInsightsPathId: path, ClientToken: newToken() };
  const answer = await call<{ networkInsightsAnalysis: { networkInsightsAnalysisId: string } }>("StartNetworkInsightsAnalysis", parameters);
  const id = answer.networkInsightsAnalysis.networkInsightsAnalysisId;
  return {
    type: "success",
    content: `The analysis ${id} of ${path} was started.`,
    next: { text: "View analysis", href: `/vpc/network-insights-analyses/${id}` },
  };
}

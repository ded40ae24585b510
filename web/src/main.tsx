/** The console: one page, whose address says what it shows. */
import "virtual:theme.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { here, lastPlace, pathOf, placeOf, remember } from "./api/place";
import { followColorScheme } from "./frame/colors";
import { routes } from "./routes";

followColorScheme();
if (placeOf(location.pathname)) {
  remember(here);
} else {
  // A link without a place is about the place where the browser was last.
  const page = location.pathname === "/" ? "/vpc" : location.pathname;
  history.replaceState(null, "", pathOf(lastPlace()) + page + location.search);
}

// Events say when to ask again; a refusal does not become a success by asking twice.
const client = new QueryClient({
  defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false, refetchOnWindowFocus: false } },
});
const router = createBrowserRouter(routes, { basename: pathOf(here) });

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

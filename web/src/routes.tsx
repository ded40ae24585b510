/** The pages, by path; what is behind `lazy` is loaded when it is first shown. */
import { Navigate, type RouteObject } from "react-router";
import { Frame } from "./frame/Frame";
import { Mishap, Missing } from "./frame/Mishap";

export const routes: RouteObject[] = [
  {
    element: <Frame />,
    HydrateFallback: () => null,
    children: [
      {
        errorElement: <Mishap />,
        children: [
          { index: true, element: <Navigate to="/vpc" replace /> },
          { path: "/vpc", lazy: async () => ({ Component: (await import("./dashboard/VpcDashboard")).VpcDashboard }) },
          { path: "/vpc/vpcs/create", lazy: async () => ({ Component: (await import("./wizard/CreateVpc")).CreateVpc }) },
          { path: "/:service/:kind", lazy: async () => ({ Component: (await import("./table/pages")).List }) },
          { path: "/:service/:kind/:id", lazy: async () => ({ Component: (await import("./table/pages")).Detail }) },
          { path: "*", element: <Missing /> },
        ],
      },
    ],
  },
];

import { Button, Center, Loader } from "@mantine/core";
import { IconMicroscopeOff } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { takeAskedAhead } from "../app/ahead";
import { EmptyState } from "../app/EmptyState";
import { failureOf } from "../app/failure";
import { HOME } from "../app/paths";
import { Refusal } from "../app/Refusal";
import { SlidePageDocument } from "../gql/graphql";
import { SlideFrame } from "./SlideFrame";

/** One slide: fetched here, shown by `SlideFrame`. */
export function SlidePage({ slideId }: { readonly slideId: string }) {
  const { t } = useTranslation();
  const [requestPolicy] = useState(() =>
    takeAskedAhead(slideId) ? ("cache-first" as const) : ("network-only" as const),
  );
  const [{ data, error, fetching }, reload] = useQuery({
    query: SlidePageDocument,
    variables: { id: slideId },
    requestPolicy,
  });
  const refresh = useCallback(() => reload({ requestPolicy: "network-only" }), [reload]);
  if (data?.slide) return <SlideFrame slide={data.slide} refresh={refresh} />;
  const failure = error && failureOf(error);
  if (failure && failure.code !== "NOT_FOUND") {
    return <Refusal title={t("viewer.failed")} failure={failure} onRetry={refresh} />;
  }
  if (!fetching) {
    return (
      <EmptyState icon={<IconMicroscopeOff />} title={t("viewer.failed")} text={t("viewer.notFound")}>
        <Button component={Link} href={HOME}>
          {t("grid.toProjects")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <Center h="100%">
      <Loader aria-label={t("viewer.loading")} />
    </Center>
  );
}

import { Button, Group, Modal, NumberInput, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { UpdateSlideDocument } from "../gql/graphql";

interface Props {
  readonly slide: {
    readonly id: string;
    readonly name: string;
    readonly mppX?: number | null;
    readonly mppY?: number | null;
  };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

const LEAST = 0.01;
const MOST = 100;
const isScale = (value: string | number): value is number =>
  typeof value === "number" && value >= LEAST && value <= MOST;

/** Micrometres per pixel, for files that do not say it or say it wrongly. */
export function ScaleDialog({ slide, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const { run, busy, failure } = useAction(UpdateSlideDocument);
  const [mppX, setMppX] = useState<string | number>(slide.mppX ?? "");
  const [mppY, setMppY] = useState<string | number>(slide.mppY ?? "");
  const [tried, setTried] = useState(false);
  const down = mppY === "" ? mppX : mppY;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!isScale(mppX) || !isScale(down)) return;
    if (await run({ id: slide.id, mppX, mppY: down })) onDone();
  };
  const wrong = (value: string | number) => (tried && !isScale(value) ? t("grid.mppInvalid") : undefined);
  const shared = { min: 0, step: 0.01, decimalScale: 6, hideControls: true } as const;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("grid.scaleTitle", { name: slide.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit} noValidate>
        <Text c="dimmed" size="sm" mb="md">
          {t("grid.scaleText")}
        </Text>
        <Group grow align="flex-start">
          <NumberInput
            {...shared}
            data-autofocus
            label={t("grid.mppX")}
            placeholder="0.25"
            value={mppX}
            onChange={setMppX}
            error={wrong(mppX) ?? fieldError(failure, "mppX")}
          />
          <NumberInput
            {...shared}
            label={t("grid.mppY")}
            placeholder={String(mppX || "0.25")}
            value={mppY}
            onChange={setMppY}
            error={mppY === "" ? fieldError(failure, "mppY") : (wrong(mppY) ?? fieldError(failure, "mppY"))}
          />
        </Group>
        <FailureNote failure={failure} except={["mppX", "mppY"]} mt="md" />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={busy}>
            {t("common.save")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

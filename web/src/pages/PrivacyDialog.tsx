import { Alert, Button, Checkbox, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { RemovePrivateImagesDocument, UpdateSlideDocument } from "../gql/graphql";

interface Props {
  readonly slide: { readonly id: string; readonly name: string };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Takes away what may tell a patient's name: the names, and label and macro image. */
export function PrivacyDialog({ slide, onClose, onDone }: Props) {
  const { t } = useTranslation();
  const update = useAction(UpdateSlideDocument);
  const removal = useAction(RemovePrivateImagesDocument);
  const [code, setCode] = useState("");
  const [removes, setRemoves] = useState(false);
  const [keepPyramidOnly, setKeepPyramidOnly] = useState(false);
  const accessionCode = code.trim();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (removes && !(await removal.run({ id: slide.id, keepPyramidOnly }))) return;
    if (accessionCode && !(await update.run({ id: slide.id, accessionCode }))) return;
    onDone();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("privacy.title", { name: slide.name })}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <TextInput
          data-autofocus
          maxLength={64}
          label={t("privacy.code")}
          description={t("privacy.codeHint")}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={fieldError(update.failure, "accessionCode")}
        />
        <Checkbox
          mt="md"
          label={t("privacy.remove")}
          checked={removes}
          onChange={(event) => setRemoves(event.currentTarget.checked)}
        />
        {removes && (
          <>
            <Radio.Group
              mt="sm"
              aria-label={t("privacy.remove")}
              value={keepPyramidOnly ? "pyramid" : "file"}
              onChange={(value) => setKeepPyramidOnly(value === "pyramid")}
            >
              <Stack gap="xs" ml={30}>
                <Radio value="file" label={t("privacy.fromFile")} description={t("privacy.fromFileHint")} />
                <Radio value="pyramid" label={t("privacy.pyramid")} description={t("privacy.pyramidHint")} />
              </Stack>
            </Radio.Group>
            <Alert mt="sm" color="orange" variant="light">
              <Text size="sm">{t("privacy.forGood")}</Text>
            </Alert>
          </>
        )}
        <FailureNote failure={removal.failure} mt="md" />
        <FailureNote failure={update.failure} except={["accessionCode"]} mt="md" />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={update.busy || removal.busy} disabled={!removes && !accessionCode}>
            {t("privacy.do")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

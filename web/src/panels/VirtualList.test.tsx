import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { VirtualList } from "./VirtualList";

const ITEMS = Array.from({ length: 10_000 }, (_, index) => `item ${index}`);

function list(onPick: (item: string, add: boolean) => void, onKey?: (item: string, key: string) => boolean) {
  return (
    <VirtualList
      items={ITEMS}
      rowHeight={30}
      label="Things"
      keyOf={(item) => item}
      current="item 3"
      selected={(item) => item === "item 3"}
      onPick={onPick}
      onKey={onKey}
    >
      {(item) => item}
    </VirtualList>
  );
}

it("makes rows only for what is in sight, and says how many there are", () => {
  render(list(() => undefined));
  const grid = screen.getByRole("grid", { name: "Things" });
  expect(grid).toHaveAttribute("aria-rowcount", "10000");
  expect(screen.getAllByRole("row").length).toBeLessThan(60);
  fireEvent.scroll(grid, { target: { scrollTop: 150_000 } });
  expect(screen.getByText("item 5000")).toBeInTheDocument();
  expect(screen.queryByText("item 0")).toBeNull();
});

it("moves by arrow keys and keeps them from the slide", () => {
  const onPick = vi.fn();
  const onPage = vi.fn();
  window.addEventListener("keydown", onPage);
  render(list(onPick));
  const grid = screen.getByRole("grid");
  fireEvent.keyDown(grid, { key: "ArrowDown" });
  fireEvent.keyDown(grid, { key: "ArrowUp" });
  fireEvent.keyDown(grid, { key: "End" });
  expect(onPick.mock.calls).toEqual([
    ["item 4", false],
    ["item 2", false],
    ["item 9999", false],
  ]);
  expect(onPage).not.toHaveBeenCalled();
  fireEvent.keyDown(grid, { key: "Delete" });
  expect(onPage).toHaveBeenCalledOnce();
  window.removeEventListener("keydown", onPage);
});

it("adds to the selection with Ctrl, and hands other keys on for the current row", () => {
  const onPick = vi.fn();
  const onKey = vi.fn(() => true);
  render(list(onPick, onKey));
  fireEvent.click(screen.getByText("item 7"), { ctrlKey: true });
  expect(onPick).toHaveBeenCalledExactlyOnceWith("item 7", true);
  fireEvent.keyDown(screen.getByRole("grid"), { key: "Enter" });
  expect(onKey).toHaveBeenCalledExactlyOnceWith("item 3", "Enter");
});

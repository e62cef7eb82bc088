/** Who calls whom, drawn or listed. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { mapQuery } from "../../api/map.ts";
import { functionsQuery } from "../../api/queries.ts";
import { formatCount, plural } from "../../base/format.ts";
import type { FunctionSummary } from "../../model/function.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { nodesNamed, type ServiceMap } from "../../model/service-map.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { useNarrow } from "../../widgets/media.ts";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { SearchField } from "../../widgets/SearchField.tsx";
import { useTitle } from "../../widgets/title.ts";
import { MapDrawing } from "./MapDrawing.tsx";
import { MapList } from "./MapList.tsx";
import { NodePanel } from "./NodePanel.tsx";
import type { MapForm, MapSearch } from "./url.ts";
import "./map.css";
import { EDGE_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";

const route = getRouteApi("/map");

export function MapPage(): JSX.Element {
  useTitle("Map");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const narrow = useNarrow();
  const range = rangeOf(search);
  const query = useQuery(mapQuery(range));
  const functions = useQuery(functionsQuery(range));
  const field = useRef<HTMLInputElement>(null);
  const form: MapForm = search.view ?? (narrow ? "list" : "map");
  const setForm = (view: MapForm) => navigate({ search: { ...search, view }, resetScroll: false });
  const setNode = (node: string | null) => {
    const among = ({ node: _, ...rest }: MapSearch): MapSearch => (node === null ? rest : { ...rest, node });
    navigate({ search: among, replace: true, resetScroll: false });
  };
  const setFind = (find: string) => {
    const { find: _, ...rest } = search;
    navigate({ search: find === "" ? rest : { ...rest, find }, replace: true, resetScroll: false });
  };
  // What was typed just now may not have come to the URL.
  const onFound = (typed: string) => {
    const [only, ...others] = query.data === undefined ? [] : nodesNamed(query.data, typed);
    if (only !== undefined && others.length === 0) setNode(only.id);
  };
  useKeys("Map", [{ keys: ["v"], does: "drawn or listed", run: () => setForm(form === "map" ? "list" : "map") }]);
  return (
    <>
      <header className="page-head">
        <h1>Map</h1>
        <div className="tools">
          <SearchField ref={field} label="Find by name" value={search.find ?? ""} onChange={setFind} onDone={onFound} />
          <Choice
            label="Form"
            value={form}
            options={[
              { value: "map", label: "map", title: "Drawn (v)" },
              { value: "list", label: "list", title: "As a table (v)" },
            ]}
            onChange={setForm}
          />
          <RangePicker
            range={range}
            onChange={next => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } })}
          />
          <ShowQuery of={mapQuery(range)} what="map" />
          <Export what="ways" columns={EDGE_COLUMNS} rows={query.data?.edges} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="map" rows={8} retry={query.refetch} />
      ) : query.data.nodes.length === 0 ? (
        <Notice title={`Nobody called anybody in ${rangeText(range)}`}>
          <p>
            Who calls whom is told from spans: of functions, and of what they say of databases, queues and others.
            Choose a longer range of time above.
          </p>
        </Notice>
      ) : (
        <Found
          map={query.data}
          functions={new Map(functions.data?.map(one => [one.name, one]))}
          range={range}
          form={form}
          search={search}
          onNode={setNode}
        />
      )}
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: MapSearch): MapSearch {
  return rest;
}

interface FoundProps {
  readonly map: ServiceMap;
  /** By name: services that are functions have pages. */
  readonly functions: ReadonlyMap<string, FunctionSummary>;
  readonly range: Range;
  readonly form: MapForm;
  readonly search: MapSearch;
  readonly onNode: (id: string | null) => void;
}

function Found({ map, functions, range, form, search, onNode }: FoundProps): JSX.Element {
  const find = search.find ?? "";
  const node = map.nodes.find(({ id }) => id === search.node);
  const found = nodesNamed(map, find);
  const failed = map.edges.filter(edge => edge.errors > 0).length;
  return (
    <>
      <p className="lead">
        {plural(map.nodes.length, "node")} and {plural(map.edges.length, "way")} between them in {rangeText(range)}
        {failed > 0 && (
          <>
            ; <strong className="bad">something failed on {formatCount(failed)}</strong>
          </>
        )}
        .
        {map.sampled > 1 &&
          ` What sends no span is estimated: one of ${formatCount(map.sampled)} stretches of five minutes was looked at.`}
        <span className="hidden" role="status">
          {find === "" ? "" : `${plural(found.length, "node")} found`}
        </span>
      </p>
      {find !== "" && found.length === 0 && <p className="lead">Nothing has “{find}” in its name.</p>}
      <div className={node === undefined ? "map-page" : "map-page with-panel"}>
        {form === "map" ? (
          <MapDrawing
            map={map}
            functions={functions}
            node={node?.id ?? null}
            found={find === "" ? null : new Set(found.map(one => one.id))}
            onNode={onNode}
          />
        ) : (
          <MapList map={map} functions={functions} found={find === "" ? map.nodes : found} search={search} />
        )}
        {node !== undefined && (
          <NodePanel
            key={node.id}
            map={map}
            node={node}
            of={node.kind === "service" ? functions.get(node.name) : undefined}
            range={range}
            search={search}
            close={() => onNode(null)}
          />
        )}
      </div>
    </>
  );
}

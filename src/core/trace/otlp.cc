// ExportTraceServiceRequest as JSON:
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
#include <cmath>

#include "json/json.h"
#include "trace/trace.h"

namespace mc::trace {
namespace {

void write_number(json::Writer& writer, double number) {
  // The protobuf JSON mapping spells what JSON has no number for.
  if (std::isnan(number)) {
    writer.value("NaN");
  } else if (std::isinf(number)) {
    writer.value(number > 0 ? "Infinity" : "-Infinity");
  } else {
    writer.value(number);
  }
}

void write_attribute(json::Writer& writer, std::string_view key, const Attribute& attribute) {
  writer.begin_object().member("key", key).key("value").begin_object();
  if (const auto* text = std::get_if<std::string>(&attribute)) {
    writer.member("stringValue", std::string_view(*text));
  } else if (const auto* whole = std::get_if<std::int64_t>(&attribute)) {
    writer.member("intValue", std::string_view(std::to_string(*whole)));
  } else if (const auto* real = std::get_if<double>(&attribute)) {
    writer.key("doubleValue");
    write_number(writer, *real);
  } else {
    writer.member("boolValue", std::get<bool>(attribute));
  }
  writer.end_object().end_object();
}

void write_attributes(json::Writer& writer, const Attributes& attributes) {
  if (attributes.empty()) return;
  writer.key("attributes").begin_array();
  for (const auto& [key, value] : attributes) write_attribute(writer, key, value);
  writer.end_array();
}

void write_time(json::Writer& writer, std::string_view name, WallTime time) {
  writer.member(name, std::string_view(std::to_string(time.nanos)));
}

void write_events(json::Writer& writer, const std::vector<EventData>& events) {
  if (events.empty()) return;
  writer.key("events").begin_array();
  for (const EventData& event : events) {
    writer.begin_object();
    write_time(writer, "timeUnixNano", event.time);
    writer.member("name", std::string_view(event.name));
    write_attributes(writer, event.attributes);
    writer.end_object();
  }
  writer.end_array();
}

void write_span(json::Writer& writer, const SpanData& span) {
  const Context parent{.span_id = span.parent.value_or(SpanId{})};
  writer.begin_object();
  writer.member("traceId", std::string_view(span.context.trace_id_hex()));
  writer.member("spanId", std::string_view(span.context.span_id_hex()));
  if (span.parent) writer.member("parentSpanId", std::string_view(parent.span_id_hex()));
  if (!span.context.state.empty()) {
    writer.member("traceState", std::string_view(span.context.state));
  }
  writer.member("flags", span.context.sampled ? 1 : 0);
  writer.member("name", std::string_view(span.name));
  writer.member("kind", static_cast<int>(span.kind));
  write_time(writer, "startTimeUnixNano", span.start);
  write_time(writer, "endTimeUnixNano", span.end);
  write_attributes(writer, span.attributes);
  if (span.attributes_dropped > 0) {
    writer.member("droppedAttributesCount", span.attributes_dropped);
  }
  write_events(writer, span.events);
  if (span.events_dropped > 0) writer.member("droppedEventsCount", span.events_dropped);
  if (span.outcome != Outcome::unset) {
    writer.key("status").begin_object();
    if (!span.message.empty()) writer.member("message", std::string_view(span.message));
    writer.member("code", static_cast<int>(span.outcome)).end_object();
  }
  writer.end_object();
}

}  // namespace

std::string encode_otlp(const std::vector<SpanData>& spans, const Options& options) {
  std::string out;
  json::Writer writer(out);
  Attributes resource = {{"service.name", options.service_name}};
  if (!options.service_version.empty()) {
    resource.emplace_back("service.version", options.service_version);
  }
  writer.begin_object().key("resourceSpans").begin_array().begin_object();
  writer.key("resource").begin_object();
  write_attributes(writer, resource);
  writer.end_object();
  writer.key("scopeSpans").begin_array().begin_object();
  writer.key("scope").begin_object().member("name", "mc.trace").end_object();
  writer.key("spans").begin_array();
  for (const SpanData& span : spans) write_span(writer, span);
  writer.end_array().end_object().end_array().end_object().end_array().end_object();
  return out;
}

}  // namespace mc::trace

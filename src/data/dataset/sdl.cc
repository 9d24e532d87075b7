// The schema text of a model. Per dataset (name person, plural persons, type Person):
//
//   person(id: ID!): Person                      persons(filter, order, first, after, last, before)
//   personsAggregate(filter): PersonAggregate    createPerson, updatePerson, deletePerson
//   personsDP: PersonDP                          private_schema.cc, with a section `privacy`
//
// Names of columns and relations are fields of Person; a relation to many has the arguments
// filter, order, first and after of its target. Order of fields = order in the model, so the text
// is a function of the model alone.
//
// Only public columns are non-null. Any other may be masked for a caller, and a null where the
// schema promises none takes the row with it, and the list, and the whole reply of a client that
// has done nothing wrong. What create needs is said by its input, for all columns.
#include <array>

#include "dataset/model.h"
#include "dataset/private_schema.h"

namespace mc::dataset {
namespace {

constexpr std::string_view kCommon = R"(
"How long a list may be, for the cost of an operation."
directive @listSize(
  assumedSize: Int
  slicingArguments: [String!]
  sizedFields: [String!]
  requireOneSlicingArgument: Boolean = true
) on FIELD_DEFINITION
"A calendar day, YYYY-MM-DD."
scalar Date @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")
"A moment, RFC 3339."
scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")
"Any JSON value."
scalar JSON @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc8259")
"A 64-bit signed integer."
scalar Long
enum Direction { ASC DESC }
"Relay page information. Missing values sort before all others."
type PageInfo {
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
  endCursor: String
}
"Comparisons with a missing value are neither true nor false, as in SQL."
input BooleanFilter { eq: Boolean ne: Boolean isNull: Boolean }
input IDFilter { eq: ID ne: ID in: [ID!] notIn: [ID!] isNull: Boolean }
)";

std::string_view scalar_name(ColumnType type) {
  constexpr std::array<std::string_view, 9> kNames = {
      "ID", "Int", "Long", "Float", "String", "Boolean", "Date", "DateTime", "JSON"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string description(const std::string& text, std::string_view indent) {
  if (text.empty()) return "";
  std::string out(indent);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"\n";
}

bool numeric(const Column& column) {
  return column.type == ColumnType::int_ || column.type == ColumnType::long_ ||
         column.type == ColumnType::float_;
}

template <class Use>
std::string each_column(const Dataset& dataset, Use use) {
  std::string out;
  for (const Column& column : dataset.columns) use(out, column);
  return out;
}

// Of a field that gives pages of the dataset.
std::string page_size(const Dataset& dataset, std::string_view arguments) {
  return " @listSize(assumedSize: " + std::to_string(dataset.limits.first_default) +
         ", slicingArguments: [" + std::string(arguments) +
         "], sizedFields: [\"edges\", \"nodes\"], requireOneSlicingArgument: false)";
}

std::string object_type(const Model& model, const Dataset& dataset) {
  std::string out = description(dataset.description, "") + "type " + dataset.type + " {\n";
  for (const Column& column : dataset.columns) {
    out += description(column.description, "  ") + "  " + column.name + ": ";
    out += scalar_name(column.type);
    out += never_null(column) ? "!\n" : "\n";
  }
  for (const Relation& relation : dataset.relations) {
    const Dataset& target = *model.dataset(relation.to);
    const std::string& type = target.type;
    if (relation.kind == RelationKind::one) {
      out += "  " + relation.name + ": " + type + "\n";
    } else {
      out += "  " + relation.name + "(filter: " + type + "Filter, order: [" + type +
             "Order!], first: Int, after: String): " + type + "Connection!" +
             page_size(target, "\"first\"") + "\n";
    }
  }
  return out + "}\n";
}

std::string connection_types(const std::string& type) {
  return "type " + type + "Connection {\n  edges: [" + type + "Edge!]!\n  nodes: [" + type +
         "!]!\n  pageInfo: PageInfo!\n"
         "  \"Rows of all pages; only for roles that may aggregate.\"\n  totalCount: Long\n}\n" +
         "type " + type + "Edge {\n  node: " + type + "!\n  cursor: String!\n}\n";
}

std::string filter_types(const Dataset& dataset) {
  const std::string filter = dataset.type + "Filter";
  std::string out = "input " + filter + " {\n  and: [" + filter + "!]\n  or: [" + filter +
                    "!]\n  not: " + filter + "\n";
  out += each_column(dataset, [](std::string& text, const Column& column) {
    if (!column.filterable || column.type == ColumnType::json) return;
    text += "  " + column.name + ": " + std::string(scalar_name(column.type)) + "Filter\n";
  });
  const std::string names = each_column(dataset, [](std::string& text, const Column& column) {
    if (column.filterable && column.type != ColumnType::json) text += " " + column.name;
  });
  out += "}\nenum " + dataset.type + "OrderField {" + names + " }\n";
  out += "input " + dataset.type + "Order { field: " + dataset.type +
         "OrderField! direction: Direction! = ASC }\n";
  return out + "enum " + dataset.type + "GroupColumn {" + names + " }\n";
}

std::string aggregate_types(const Dataset& dataset) {
  const std::string& type = dataset.type;
  const std::string numbers = each_column(dataset, [](std::string& text, const Column& column) {
    if (numeric(column)) text += " " + column.name + ": Float";
  });
  const std::string parts = numbers.empty() ? ""
                                            : "  sum: " + type + "Numbers!\n  avg: " + type +
                                                  "Numbers!\n  min: " + type +
                                                  "Numbers!\n  max: " + type + "Numbers!\n";
  std::string out = "type " + type + "Aggregate {\n  count: Long!\n" + parts +
                    "  \"Largest groups first.\"\n  groups(by: " + type +
                    "GroupColumn!, first: Int! = 100): [" + type +
                    "Group!]! @listSize(slicingArguments: [\"first\"])\n}\n";
  out += "type " + type + "Group {\n  key: JSON\n  count: Long!\n" + parts + "}\n";
  if (!numbers.empty()) out += "type " + type + "Numbers {" + numbers + " }\n";
  return out;
}

// The key of create may be left out when the server can make one: a text id.
std::string write_types(const Dataset& dataset) {
  std::string create = "input " + dataset.type + "Create {";
  std::string update = "input " + dataset.type + "Update {";
  bool changeable = false;
  for (const Column& column : dataset.columns) {
    if (column.name == dataset.version) continue;
    const std::string field = " " + column.name + ": " + std::string(scalar_name(column.type));
    const bool key = column.name == dataset.key;
    const bool generated =
        key && column.type == ColumnType::id && column.storage != Storage::integer;
    create += field + (column.nullable || generated ? "" : "!");
    if (key) continue;
    update += field;
    changeable = true;
  }
  return create + " }\n" + (changeable ? update + " }\n" : "");
}

std::string key_argument(const Dataset& dataset) {
  return dataset.key + ": " + std::string(scalar_name(dataset.column(dataset.key)->type)) + "!";
}

std::string query_fields(const Dataset& dataset) {
  const std::string& type = dataset.type;
  return "  " + dataset.name + "(" + key_argument(dataset) + "): " + type + "\n  " +
         dataset.plural + "(filter: " + type + "Filter, order: [" + type +
         "Order!], first: Int, after: String, last: Int, before: String): " + type + "Connection!" +
         page_size(dataset, "\"first\", \"last\"") + "\n  " + dataset.plural +
         "Aggregate(filter: " + type + "Filter): " + type + "Aggregate\n";
}

std::string mutation_fields(const Dataset& dataset) {
  const std::string& type = dataset.type;
  const std::string expected = dataset.version.empty() ? "" : ", expectedVersion: Long";
  std::string out = "  create" + type + "(input: " + type + "Create!): " + type + "\n";
  const std::size_t fixed = dataset.version.empty() ? 1 : 2;
  if (dataset.columns.size() > fixed) {
    out += "  update" + type + "(" + key_argument(dataset) + ", input: " + type + "Update!" +
           expected + "): " + type + "\n";
  }
  return out + "  delete" + type + "(" + key_argument(dataset) + expected + "): Boolean\n";
}

std::string ordered_filter(std::string_view scalar, std::string_view more) {
  const std::string name(scalar);
  return "input " + name + "Filter { eq: " + name + " ne: " + name + " in: [" + name +
         "!] notIn: [" + name + "!] lt: " + name + " lte: " + name + " gt: " + name +
         " gte: " + name + std::string(more) + " isNull: Boolean }\n";
}

}  // namespace

bool never_null(const Column& column) {
  return !column.nullable && column.sensitivity == Sensitivity::public_;
}

std::string sdl(const Model& model) {
  std::string out(kCommon.substr(1));
  for (const std::string_view scalar : {"Int", "Long", "Float", "Date", "DateTime"}) {
    out += ordered_filter(scalar, "");
  }
  out += ordered_filter("String", " contains: String startsWith: String");
  out += private_common(model);
  std::string query = "type Query {\n";
  std::string mutation;
  for (const Dataset& dataset : model.datasets) {
    out += object_type(model, dataset) + connection_types(dataset.type) + filter_types(dataset) +
           aggregate_types(dataset);
    query += query_fields(dataset);
    if (dataset.privacy) {
      out += private_types(dataset);
      query += private_query_field(dataset);
    }
    if (!dataset.writable) continue;
    out += write_types(dataset);
    mutation += mutation_fields(dataset);
  }
  query += private_sql_field(model);
  if (model.datasets.empty()) query += "  \"There are no datasets yet.\"\n  empty: Boolean\n";
  out += query + "}\n";
  if (!mutation.empty()) out += "type Mutation {\n" + mutation + "}\n";
  return out;
}

}  // namespace mc::dataset

#include "demo/words.h"

#include <fmt/format.h>

#include "base/base.h"

namespace mc::demo {
namespace {

constexpr std::string_view kGiven[] = {
    "Anna",           "Lukas",  "Emma",   "Noah",        "Sofia",       "Liam",   "Maria",
    "Jonas",          "Ingrid", "Mateo",  "Chloé|chloe", "Oliver",      "Fatima", "Elias",
    "Katarina",       "Ahmed",  "Julia",  "Thomas",      "Amara",       "Daniel", "Freya",
    "Hugo",           "Zofia",  "Marek",  "Aisha",       "Søren|soren", "Lena",   "Viktor",
    "Camille",        "Diego",  "Nadia",  "Erik",        "Yusuf",       "Helena", "Pavel",
    "Grace",          "Mei",    "Ravi",   "Priya",       "Kenji",       "Olga",   "Samuel",
    "Inès|ines",      "Tariq",  "Leila",  "Jakub",       "Greta",       "Omar",   "Ruth",
    "Stefan",         "Bianca", "Isaac",  "Noor",        "Tobias",      "Vera",   "Kwame",
    "Jürgen|juergen", "Alice",  "Dmitri", "Rosa",        "Malik",       "Sigrid", "Tomás|tomas",
    "Esther",         "Hannah", "Walter", "Ngozi",       "Bruno",       "Elif",   "Arjun",
};

constexpr std::string_view kFamily[] = {
    "Müller|mueller",
    "Smith",
    "Jensen",
    "García|garcia",
    "Novak",
    "Martin",
    "Kowalski",
    "Johnson",
    "Rossi",
    "Andersson",
    "Dubois",
    "Williams",
    "Fischer",
    "Silva",
    "Nguyen",
    "Brown",
    "Petrov",
    "Weber",
    "Haddad",
    "Lindqvist",
    "Moreau",
    "Davis",
    "Khan",
    "Bakker",
    "Schmidt",
    "Costa",
    "Miller",
    "Larsen",
    "Okafor",
    "Horvath",
    "Bernard",
    "Wilson",
    "Patel",
    "Virtanen",
    "Becker",
    "Ivanova",
    "Lopez",
    "Tanaka",
    "Greco",
    "Taylor",
    "Nowak",
    "Sørensen|soerensen",
    "Chen",
    "Laurent",
    "Clark",
    "Popescu",
    "Schneider",
    "Ferrari",
    "Walker",
    "Yilmaz",
    "de Vries|devries",
    "Hall",
    "Kaya",
    "Simon",
    "Wagner",
    "Young",
    "Mensah",
    "Dimitrov",
    "Baker",
    "Hoffmann",
    "Rahman",
    "Carter",
    "Eriksen",
    "Blanc",
    "Reyes",
    "Keller",
    "Abebe",
    "Marino",
    "Hughes",
    "Özdemir|oezdemir",
    "Murphy",
    "Szabo",
    "Diaz",
    "Kim",
    "Jansen",
    "Foster",
    "Richter",
    "Mbeki",
    "Leroy",
    "Vargas",
    "Bell",
    "Nagy",
    "Singh",
    "Vogel",
};

constexpr Place kEurope[] = {
    {"Berlin", "DE", 525'200, 134'050},   {"Paris", "FR", 488'566, 23'522},
    {"Hamburg", "DE", 535'511, 99'937},   {"Stockholm", "SE", 593'293, 180'686},
    {"Marseille", "FR", 432'965, 53'698}, {"Munich", "DE", 481'351, 115'820},
    {"Lyon", "FR", 457'640, 48'357},      {"Gothenburg", "SE", 577'089, 119'746},
    {"Cologne", "DE", 509'375, 69'603},   {"Toulouse", "FR", 436'047, 14'442},
    {"Leipzig", "DE", 513'397, 123'731},  {"Uppsala", "SE", 598'586, 176'389},
    {"Bremen", "DE", 530'793, 88'017},    {"Nantes", "FR", 472'184, -15'536},
    {"Malmö", "SE", 556'050, 130'038},    {"Kiel", "DE", 543'233, 101'228},
};

constexpr Place kAmerica[] = {
    {"New York", "US", 407'128, -740'060},      {"Los Angeles", "US", 340'522, -1'182'437},
    {"Chicago", "US", 418'781, -876'298},       {"Houston", "US", 297'604, -953'698},
    {"Phoenix", "US", 334'484, -1'120'740},     {"Philadelphia", "US", 399'526, -751'652},
    {"San Diego", "US", 327'157, -1'171'611},   {"Dallas", "US", 327'767, -967'970},
    {"Austin", "US", 302'672, -977'431},        {"Seattle", "US", 476'062, -1'223'321},
    {"Denver", "US", 397'392, -1'049'903},      {"Boston", "US", 423'601, -710'589},
    {"Portland", "US", 455'152, -1'226'784},    {"Omaha", "US", 412'565, -959'345},
    {"Albuquerque", "US", 350'844, -1'066'504}, {"Boise", "US", 436'150, -1'162'023},
};

constexpr std::string_view kOccupations[] = {
    "engineer",    "clerk",     "driver",      "teacher",   "nurse",       "accountant",
    "salesperson", "cook",      "electrician", "developer", "consultant",  "lawyer",
    "designer",    "carpenter", "journalist",  "analyst",   "pharmacist",  "broker",
    "pilot",       "farmer",    "architect",   "physician", "interpreter", "diplomat",
};

constexpr std::string_view kFirstParts[] = {
    "Nordwind", "Blue Harbor", "Meridian", "Altona",     "Castor",     "Silverline", "Kestrel",
    "Orion",    "Lumen",       "Vantage",  "Granite",    "Falkenberg", "Hollow Oak", "Aster",
    "Polaris",  "Cobalt",      "Juniper",  "Ironbridge", "Tidewater",  "Summit",     "Larkspur",
    "Redwood",  "Nimble",      "Helios",   "Quarry",     "Baltic",     "Marlow",     "Pinecrest",
};
constexpr std::string_view kSecondParts[] = {
    "Logistics", "Trading",  "Systems", "Capital", "Shipping", "Foundation", "Energy",
    "Foods",     "Software", "Metals",  "Media",   "Pharma",   "Textiles",   "Security",
    "Research",  "Telecom",  "Imports", "Motors",  "Partners", "Holdings",
};

Word word_of(std::string_view entry) {
  const std::size_t bar = entry.find('|');
  if (bar == std::string_view::npos) return {entry, to_lower(entry)};
  return {entry.substr(0, bar), std::string(entry.substr(bar + 1))};
}

}  // namespace

Word given_name(Stream& stream) {
  return word_of(stream.pick_common(kGiven));
}

Word family_name(Stream& stream) {
  return word_of(stream.pick_common(kFamily));
}

const Place& place(Stream& stream, std::string_view region) {
  return region == "us" ? stream.pick_common(kAmerica) : stream.pick_common(kEurope);
}

// BNetzA keeps (0)30 23125 000-999, ARCEP 01 99 00, PTS 08 465 004 00-99, the NANPA 555-0100-0199.
std::string phone(Stream& stream, std::string_view country) {
  const std::int64_t draw = stream.below(1'000'000);
  if (country == "DE") return fmt::format("+49 30 23125 {:03}", draw % 1'000);
  if (country == "FR") return fmt::format("+33 1 99 00 {:02} {:02}", draw / 100 % 100, draw % 100);
  if (country == "SE") return fmt::format("+46 8 465 004 {:02}", draw % 100);
  return fmt::format("+1 {} 555 01{:02}", 201 + draw / 100 % 788, draw % 100);
}

std::string national_id(Stream& stream) {
  const std::int64_t body = stream.below(1'000'000'000);
  const std::int64_t check = 98 - body * 100 % 97;
  return fmt::format("XD {:03} {:03} {:03} {:02}", body / 1'000'000, body / 1'000 % 1'000,
                     body % 1'000, check);
}

std::string_view occupation(Stream& stream) {
  return stream.pick_common(kOccupations);
}

std::string organisation_name(Stream& stream, std::string& slug) {
  const std::string_view first = stream.pick(kFirstParts);
  const std::string_view second = stream.pick(kSecondParts);
  slug.clear();
  for (const char c : to_lower(first)) {
    if (c != ' ') slug += c;
  }
  slug += '-';
  slug += to_lower(second);
  return fmt::format("{} {}", first, second);
}

}  // namespace mc::demo

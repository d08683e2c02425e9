// JSON as printed on a terminal: the same object, without terminal controls. Input: a text.
#include "terminal/json.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

void check(std::string_view text)
{
    using nlohmann::json;
    json const object{{"text", text}, {std::string{text}, 1}};
    auto const dumped = object.dump(-1, ' ', false, json::error_handler_t::replace);
    auto const shown = detail::terminal::printable_json(dumped);
    require(detail::base::escape(shown) == shown, "printed JSON has no control characters");
    auto const again = json::parse(shown, nullptr, false);
    require(again == json::parse(dumped, nullptr, false), "it is the same object");
}

}  // namespace porter::fuzzing

#include "programs/porter/received.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "terminal/json.hpp"

namespace porter::programs {

namespace {

std::string base64(std::string_view bytes)
{
    constexpr int standard = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), standard), '\0');
    auto const* const first = reinterpret_cast<unsigned char const*>(bytes.data());
    ::sodium_bin2base64(text.data(), text.size(), first, bytes.size(), standard);
    text.pop_back();  // its terminating null
    return text;
}

std::string json_for(message const& received)
{
    nlohmann::json object;
    if (received.is_text()) {
        object["text"] = received.body;
    } else {
        object["data"] = base64(received.body);
    }
    return detail::terminal::printable_json(object.dump());
}

}  // namespace

std::string line_for(message const& received, output_format how)
{
    switch (how) {
        case output_format::json:
            return json_for(received) + '\n';
        case output_format::terminal:
            if (received.is_text()) return detail::base::escape(received.body) + '\n';
            return fmt::format("[data: {} bytes]\n", received.body.size());
        case output_format::text:
            break;
    }
    return received.is_text() ? std::string{received.body} + '\n' : std::string{};
}

}  // namespace porter::programs

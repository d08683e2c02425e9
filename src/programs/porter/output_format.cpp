#include "programs/porter/output_format.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <nlohmann/json.hpp>

#include "porter/text.hpp"
#include "terminal/json.hpp"

namespace porter::programs {

namespace {

std::string base64(std::string_view bytes)
{
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    auto const* const first = reinterpret_cast<unsigned char const*>(bytes.data());
    ::sodium_bin2base64(text.data(), text.size(), first, bytes.size(), variant);
    text.pop_back();  // its terminating null
    return text;
}

std::string format_json(message const& message)
{
    nlohmann::json object;
    if (message.is_text()) {
        object["text"] = message.body;
    } else {
        object["data"] = base64(message.body);
    }
    return detail::terminal::printable_json(object.dump());
}

}  // namespace

std::string format_message(message const& message, output_format format)
{
    switch (format) {
        case output_format::json:
            return format_json(message) + '\n';
        case output_format::terminal:
            if (message.is_text()) return escape(message.body) + '\n';
            return fmt::format("[data: {} bytes]\n", message.body.size());
        case output_format::text:
            break;
    }
    return message.is_text() ? std::string{message.body} + '\n' : std::string{};
}

}  // namespace porter::programs

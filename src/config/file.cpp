#include "config/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <toml++/toml.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"

namespace porter::detail::config {
namespace {

constexpr std::size_t most_bytes = 1024 * 1024;  // a larger file is not a configuration

[[noreturn]] void reject_file(std::filesystem::path const& path, int error)
{
    auto const exit = error == ENOENT ? exit_code::not_found : exit_code::bad_configuration;
    throw option_error(exit,
                       fmt::format("cannot read {}: {}", base::escape(path.string()), base::system_message(error)));
}

std::string content_of(std::filesystem::path const& path)
{
    base::unique_fd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file) reject_file(path, errno);
    std::string content;
    if (int const error = base::read_whole(file.get(), most_bytes, content)) reject_file(path, error);
    return content;
}

std::string position(std::string_view name, toml::source_region const& source)
{
    return fmt::format("{}:{}:{}", base::escape(name), source.begin.line, source.begin.column);
}

[[noreturn]] void reject_value(std::string const& where, std::string_view key, std::string_view expected)
{
    throw option_error(exit_code::bad_configuration, fmt::format("{}: {} must be {}", where, key, expected));
}

std::string_view expected(form type)
{
    switch (type) {
        case form::number:
            return "an integer";
        case form::text:
            return "a string";
        case form::list:
            return "an array of strings";
        case form::duration:
            return "a string such as \"30s\", or an integer for seconds";
        case form::size:
            return "a string such as \"1MiB\", or an integer for bytes";
        case form::toggle:
            return "true or false, or \"on\" or \"off\"";
        case form::flag:
            return "true or false";
    }
    return "something else";
}

/// The value as the text that the command line would have; none if its type is wrong for the option.
std::optional<std::string> text_of(toml::node const& value, form type)
{
    bool const takes_text = type != form::number && type != form::flag;
    bool const takes_integer = type == form::number || type == form::duration || type == form::size;
    if (auto const* text = value.as_string(); text != nullptr && takes_text) return text->get();
    if (auto const* integer = value.as_integer(); integer != nullptr && takes_integer) {
        return std::to_string(integer->get());
    }
    if (auto const* boolean = value.as_boolean(); boolean != nullptr && (type == form::flag || type == form::toggle)) {
        return boolean->get() ? "on" : "off";
    }
    return std::nullopt;
}

texts texts_of(option const& target, toml::node const& value, std::string_view name)
{
    texts given;
    auto const take = [&](toml::node const& one) {
        auto text = text_of(one, target.form);
        // A system call would truncate a path there.
        if (text && text->find('\0') != std::string::npos) {
            reject_value(position(name, one.source()), target.name, "a text without a zero character");
        }
        if (!text) reject_value(position(name, one.source()), target.name, expected(target.form));
        given.push_back(std::move(*text));
    };
    if (auto const* array = value.as_array(); array != nullptr && target.form == form::list) {
        for (auto const& one : *array) take(one);
    } else {
        take(value);
    }
    return given;
}

}  // namespace

std::vector<setting> read_toml(std::string_view text, std::string_view name)
{
    toml::table table;
    try {
        table = toml::parse(text);
    } catch (toml::parse_error const& error) {
        throw option_error(exit_code::bad_configuration,
                           fmt::format("{}: {}", position(name, error.source()), base::escape(error.description())));
    }
    std::vector<setting> settings;
    for (auto const& [key, value] : table) {
        auto const* const known = find_option(key.str());
        if (known == nullptr) {
            throw option_error(exit_code::bad_configuration,
                               fmt::format("{}: unknown key {}{}", position(name, key.source()),
                                           base::escape(key.str()), did_you_mean(key.str(), "")));
        }
        settings.push_back(
            {known, texts_of(*known, value, name), {origin::source::file, position(name, value.source())}});
    }
    return settings;
}

std::vector<setting> read_file(std::filesystem::path const& path)
{
    return read_toml(content_of(path), path.string());
}

}  // namespace porter::detail::config

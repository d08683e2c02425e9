#include "bench/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"

namespace porter::detail::bench {

namespace {

// Okabe and Ito's colours, which people with any colour vision tell apart.
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000"};

constexpr std::string_view grid = "#dddddd";

constexpr double left = 84;
constexpr double right = diagram::width - 150;  // the names of the lines stand behind it
constexpr double upper = 44;
constexpr double lower = diagram::height - 56;

std::string words(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "")
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                       xml(text));
}

std::string stroke(double x1, double y1, double x2, double y2, std::string_view colour, int thickness = 1)
{
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        x1, y1, x2, y2, colour, thickness);
}

}  // namespace

axis::axis(double least, double most, bool logarithmic) : least_(least), most_(most), logarithmic_(logarithmic)
{
    if (most_ <= least_) most_ = logarithmic_ ? least_ * 10 : least_ + 1;
}

double axis::at(double value) const
{
    if (logarithmic_) return std::log(value / least_) / std::log(most_ / least_);
    return (value - least_) / (most_ - least_);
}

std::vector<double> axis::ticks() const
{
    std::vector<double> marks;
    constexpr double slack = 1e-9;  // of rounding
    if (logarithmic_) {
        for (auto power = std::pow(10, std::floor(std::log10(least_))); power <= most_ * (1 + slack); power *= 10) {
            for (auto const digit : {1, 2, 5}) {
                auto const mark = power * digit;
                if (mark >= least_ * (1 - slack) && mark <= most_ * (1 + slack)) marks.push_back(mark);
            }
        }
        return marks;
    }
    auto const rough = (most_ - least_) / 5;
    auto const power = std::pow(10, std::floor(std::log10(rough)));
    auto const step = power * (rough / power >= 5 ? 10 : rough / power >= 2 ? 5 : rough / power > 1 ? 2 : 1);
    for (auto mark = std::ceil(least_ / step) * step; mark <= most_ + step * slack; mark += step) marks.push_back(mark);
    return marks;
}

std::string diagram::draw(double top) const
{
    auto const place_x = [&](double value) { return left + x.at(value) * (right - left); };
    auto const place_y = [&](double value) { return top + lower - y.at(value) * (lower - upper); };
    auto out = words(left, top + 24, "start", title, " font-weight=\"bold\"");
    for (auto const& [value, label] : x_ticks) {
        out += stroke(place_x(value), top + upper, place_x(value), top + lower, grid);
        out += words(place_x(value), top + lower + 18, "middle", label);
    }
    for (auto const& [value, label] : y_ticks) {
        out += stroke(left, place_y(value), right, place_y(value), grid);
        out += words(left - 8, place_y(value) + 4, "end", label);
    }
    out += words((left + right) / 2, top + lower + 40, "middle", across);
    out += fmt::format("<g transform=\"translate(16 {:.1f}) rotate(-90)\">{}</g>\n", top + (upper + lower) / 2,
                       words(0, 0, "middle", up));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const colour = colours[i % colours.size()];
        std::string points;
        std::string dots;
        for (auto const& [along, above] : lines[i].points) {
            points += fmt::format("{:.1f},{:.1f} ", place_x(along), place_y(above));
            dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", place_x(along),
                                place_y(above), colour);
        }
        out +=
            fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>\n", colour, points);
        out += dots;
        if (lines[i].name.empty()) continue;
        auto const at = top + upper + 10 + 20 * static_cast<double>(i);
        out += stroke(right + 14, at, right + 34, at, colour, 2);
        out += words(right + 40, at + 4, "start", lines[i].name);
    }
    return out;
}

std::string xml(std::string_view text)
{
    std::string safe;
    for (auto const letter : base::escape(text)) {
        switch (letter) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                safe += letter;
        }
    }
    return safe;
}

std::string svg(double width, double height, std::string_view elements)
{
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
        width, height, elements);
}

}  // namespace porter::detail::bench

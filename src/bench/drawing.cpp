#include "bench/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"

namespace porter::detail::bench {

namespace {

// Okabe and Ito's colours, for all kinds of colour vision.
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000"};

constexpr std::string_view grid = "#dddddd";

constexpr double left = 84;
constexpr double right = diagram::width - 150;  // the legend is to the right
constexpr double upper = 44;
constexpr double lower = diagram::height - 56;

std::string text_element(double x, double y, std::string_view anchor, std::string_view text,
                         std::string_view attributes = "")
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, attributes,
                       xml(text));
}

std::string line_element(double x1, double y1, double x2, double y2, std::string_view colour, int thickness = 1)
{
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        x1, y1, x2, y2, colour, thickness);
}

}  // namespace

axis::axis(double min, double max, bool logarithmic) : min_(min), max_(max), logarithmic_(logarithmic)
{
    if (max_ <= min_) max_ = logarithmic_ ? min_ * 10 : min_ + 1;
}

double axis::at(double value) const
{
    if (logarithmic_) return std::log(value / min_) / std::log(max_ / min_);
    return (value - min_) / (max_ - min_);
}

std::vector<double> axis::ticks() const
{
    std::vector<double> marks;
    constexpr double slack = 1e-9;  // for rounding errors
    if (logarithmic_) {
        for (auto power = std::pow(10, std::floor(std::log10(min_))); power <= max_ * (1 + slack); power *= 10) {
            for (auto const digit : {1, 2, 5}) {
                auto const mark = power * digit;
                if (mark >= min_ * (1 - slack) && mark <= max_ * (1 + slack)) marks.push_back(mark);
            }
        }
        return marks;
    }
    auto const rough = (max_ - min_) / 5;
    auto const power = std::pow(10, std::floor(std::log10(rough)));
    auto const step = power * (rough / power >= 5 ? 10 : rough / power >= 2 ? 5 : rough / power > 1 ? 2 : 1);
    for (auto mark = std::ceil(min_ / step) * step; mark <= max_ + step * slack; mark += step) marks.push_back(mark);
    return marks;
}

std::string diagram::draw(double top) const
{
    auto const to_x = [&](double value) { return left + x.at(value) * (right - left); };
    auto const to_y = [&](double value) { return top + lower - y.at(value) * (lower - upper); };
    auto out = text_element(left, top + 24, "start", title, " font-weight=\"bold\"");
    for (auto const& [value, label] : x_ticks) {
        out += line_element(to_x(value), top + upper, to_x(value), top + lower, grid);
        out += text_element(to_x(value), top + lower + 18, "middle", label);
    }
    for (auto const& [value, label] : y_ticks) {
        out += line_element(left, to_y(value), right, to_y(value), grid);
        out += text_element(left - 8, to_y(value) + 4, "end", label);
    }
    out += text_element((left + right) / 2, top + lower + 40, "middle", x_label);
    out += fmt::format("<g transform=\"translate(16 {:.1f}) rotate(-90)\">{}</g>\n", top + (upper + lower) / 2,
                       text_element(0, 0, "middle", y_label));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const colour = colours[i % colours.size()];
        std::string points;
        std::string dots;
        for (auto const& [x_value, y_value] : lines[i].points) {
            points += fmt::format("{:.1f},{:.1f} ", to_x(x_value), to_y(y_value));
            dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", to_x(x_value),
                                to_y(y_value), colour);
        }
        out +=
            fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>\n", colour, points);
        out += dots;
        if (lines[i].name.empty()) continue;
        auto const legend_y = top + upper + 10 + 20 * static_cast<double>(i);
        out += line_element(right + 14, legend_y, right + 34, legend_y, colour, 2);
        out += text_element(right + 40, legend_y + 4, "start", lines[i].name);
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

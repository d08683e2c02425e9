#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace porter::detail::bench {

/// An axis: maps a range of values to positions, linearly or logarithmically.
class axis {
public:
    /// A logarithmic axis needs values above 0. An empty range is widened.
    axis(double min, double max, bool logarithmic);

    /// The position: 0 at the minimum, 1 at the maximum.
    double at(double value) const;

    /// Round values for the lines of a grid.
    std::vector<double> ticks() const;

private:
    double min_;
    double max_;
    bool logarithmic_;
};

using tick = std::pair<double, std::string>;  ///< a value and its label

/// A diagram of lines over two axes, as SVG elements.
struct diagram {
    struct line {
        std::string name;
        std::vector<std::pair<double, double>> points;
    };

    std::string title;
    std::string x_label;
    std::string y_label;
    axis x;
    axis y;
    std::vector<tick> x_ticks;
    std::vector<tick> y_ticks;
    std::vector<line> lines;

    static constexpr double width = 760;
    static constexpr double height = 380;

    /// `top`: its vertical position in the document.
    std::string draw(double top) const;
};

/// Any text, escaped for an XML document.
std::string xml(std::string_view text);

/// A document with these elements.
std::string svg(double width, double height, std::string_view elements);

}  // namespace porter::detail::bench

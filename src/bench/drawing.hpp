#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace porter::detail::bench {

/// One axis: a range of values on a length of paper, evenly or by powers of ten.
class axis {
public:
    /// A logarithmic axis needs values above 0; one of no length is widened.
    axis(double least, double most, bool logarithmic);

    /// 0 at the least value, 1 at the greatest.
    double at(double value) const;

    /// Round values for the lines of a grid.
    std::vector<double> ticks() const;

private:
    double least_;
    double most_;
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
    std::string across;  ///< what the axes show
    std::string up;
    axis x;
    axis y;
    std::vector<tick> x_ticks;
    std::vector<tick> y_ticks;
    std::vector<line> lines;

    static constexpr double width = 760;
    static constexpr double height = 380;

    /// `top`: where on the paper it begins.
    std::string draw(double top) const;
};

/// Text as it may stand in an XML document, whatever it holds.
std::string xml(std::string_view text);

/// The whole document around some elements.
std::string svg(double width, double height, std::string_view elements);

}  // namespace porter::detail::bench

using System.Buffers;
using System.Globalization;
using System.Text;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Writes the Prometheus text exposition format, version 0.0.4.</summary>
internal readonly ref struct PrometheusText(IBufferWriter<byte> output)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public void Family(string name, string type, string help)
    {
        Write($"# HELP {name} {Escape(help, quotes: false)}\n# TYPE {name} {type}\n");
    }

    /// <param name="name">With its suffix, such as <c>_bucket</c>.</param>
    /// <param name="labels">Made by <see cref="Label"/>, with commas between; may be empty.</param>
    /// <param name="value">As <see cref="Number(double)"/> or <see cref="Number(long)"/> made it.</param>
    public void Sample(string name, string labels, string value) =>
        Write(labels.Length == 0 ? $"{name} {value}\n" : $"{name}{{{labels}}} {value}\n");

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    public static string Label(string name, string value) => $"{name}=\"{Escape(value, quotes: true)}\"";

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped.Replace('\r', ' ');
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);
}

using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace IsoCatalog.Appliance.Web;

/// <summary>Renders components to HTML, once, without circuits and without scripts.</summary>
internal sealed partial class PageRenderer(IServiceProvider services, ILoggerFactory loggers)
{
    public Task<string> RenderAsync<TComponent>(object? model)
        where TComponent : IComponent => RenderAsync(typeof(TComponent), model);

    /// <param name="component">It has one parameter, <c>Page</c>.</param>
    /// <param name="model">The value of the parameter.</param>
    public async Task<string> RenderAsync(Type component, object? model)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync(component, ParameterView.FromDictionary(new Dictionary<string, object?> { ["Page"] = model }));
            return Escaped().Replace(root.ToHtmlString(), letter => ((char)int.Parse(letter.Groups["code"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
        });
    }

    /// <summary>Cyrillic letters, which mean nothing in HTML: written out they take two bytes instead of eight, and a Russian page has ten thousand of them.</summary>
    [GeneratedRegex("&#x(?<code>4[0-9A-F]{2});", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Escaped();
}

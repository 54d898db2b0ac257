using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace IsoCatalog.Appliance.Web;

/// <summary>Renders components to HTML, once, without circuits and without scripts.</summary>
internal sealed class PageRenderer(IServiceProvider services, ILoggerFactory loggers)
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
            return root.ToHtmlString();
        });
    }
}

using System.Net;

namespace IsoCatalog.Simulators.Engine;

/// <summary>What the engine answers, before it has a form.</summary>
internal abstract record EngineAnswer(int Status)
{
    public static EngineAnswer NothingThere { get; } = new Empty(404);

    public static EngineAnswer Unauthorized { get; } = new Page(401, "Unauthorized");

    public static EngineAnswer Ok(Entity entity) => new Thing(200, entity);

    public static EngineAnswer NotFound(string kind) => Fault(404, "Operation Failed", $"Entity not found: {kind}");

    public static EngineAnswer Fault(int status, string reason, string? detail) =>
        new Thing(status, new Entity("fault").Text("detail", detail).Text("reason", reason));

    public sealed record Thing(int Status, Entity Entity) : EngineAnswer(Status);

    public sealed record Empty(int Status) : EngineAnswer(Status);

    /// <summary>HTML with the words as title and text.</summary>
    public sealed record Page(int Status, string Words) : EngineAnswer(Status)
    {
        public string Html =>
            $"<html><head><title>{WebUtility.HtmlEncode(Words)}</title></head><body><h1>{WebUtility.HtmlEncode(Words)}</h1></body></html>\n";
    }

    /// <summary>A text of another kind, outside the API.</summary>
    public sealed record Raw(int Status, string ContentType, string Body) : EngineAnswer(Status);
}

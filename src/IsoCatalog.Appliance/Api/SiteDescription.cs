using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IsoCatalog.Appliance.Api;

/// <summary>What the OpenAPI document says beyond what the endpoints' types say by themselves.</summary>
internal static class SiteDescription
{
    private const string Scheme = "token";

    /// <summary>Bodies of requests: of these, members that are not known are refused. Answers may get new members at any time.</summary>
    private static readonly HashSet<string> Requests = ["AddRequest", "ImagePatch", "ImageOs", "LeaseRequest", "BlockRequest", "TakeBackRequest", "LeaseRenewal", "PeerSetting", "PeerAddress"];

    private static readonly Dictionary<string, string> Texts = new()
    {
        ["ImageId"] = "^sha256:[0-9a-f]{64}$",
        ["Sha256Digest"] = "^[0-9a-f]{64}$",
        ["Sha1Digest"] = "^[0-9a-f]{40}$",
    };

    private static readonly (string Status, string Meaning)[] Refusals =
    [
        ("401", "No token, or one that is not known."),
        ("403", "The token's role is too low, or it may not be used from this address."),
        ("429", "Too many wrong tokens from this address; Retry-After says when to come back."),
    ];

    public static void Apply(OpenApiOptions options)
    {
        options.AddOperationTransformer((operation, context, _) =>
        {
            Name(operation, context);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer((document, _, _) =>
        {
            Introduce(document);
            foreach (var (name, schema) in document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
            {
                Correct(name, (OpenApiSchema)schema);
            }

            foreach (var operation in document.Paths.Values.SelectMany(p => p.Operations ?? []).Select(o => o.Value))
            {
                Complete(operation, document);
            }

            return Task.CompletedTask;
        });
    }

    private static void Name(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var words = context.Description.RelativePath!.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(2).Where(w => w[0] != '{');
        operation.OperationId = $"{context.Description.HttpMethod!.ToLowerInvariant()}-{string.Join('-', words)}"
            + (context.Description.RelativePath.EndsWith('}') ? "-one" : "");
        var role = context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredRole>().LastOrDefault()?.Role ?? Role.Admin;
        operation.Description = $"{operation.Description} Role: {role.ToString().ToLowerInvariant()}.".TrimStart();
    }

    private static void Introduce(OpenApiDocument document)
    {
        document.Info.Title = "IsoCatalog";
        document.Info.Version = "v1";
        document.Info.Description = "Which ISO images can be mounted now, and how; and everything an operator needs. "
            + "Refusals are problems (RFC 9457) whose type is urn:isocatalog:problem:CODE. Members that have no value are left out of answers.";
        document.Servers?.Clear();
        document.AddComponent(Scheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A token whose SHA-256 stands in the site's configuration.",
        });
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
    }

    private static void Correct(string name, OpenApiSchema schema)
    {
        if (Texts.TryGetValue(name, out var pattern))
        {
            schema.Type = JsonSchemaType.String;
            schema.Pattern = pattern;
            schema.Description = schema.Description?.Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        }
        else if (name == "CellState")
        {
            schema.Type = JsonSchemaType.String;
        }

        if (!Requests.Contains(name))
        {
            schema.AdditionalPropertiesAllowed = true;
        }

        foreach (var (member, of) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
        {
            if (of.Type?.HasFlag(JsonSchemaType.Null) == true || of.OneOf?.Any(o => o.Type == JsonSchemaType.Null) == true)
            {
                schema.Required?.Remove(member);
            }
        }
    }

    private static void Complete(OpenApiOperation operation, OpenApiDocument document)
    {
        foreach (var (status, meaning) in Refusals)
        {
            operation.Responses![status] = new OpenApiResponse
            {
                Description = meaning,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference("Problem", document) },
                },
            };
        }

        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            parameter.Required |= parameter.Name == "surface";
            parameter.Description ??= parameter.Name switch
            {
                "id" => "The id; of an image also its file name, and where nothing is changed an alias.",
                "name" => "The alias: 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.",
                _ => null,
            };
        }

        if (operation.RequestBody?.Content is { } content && content.TryGetValue("application/octet-stream", out var stream))
        {
            ((OpenApiMediaType)stream).Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        }

        if (operation.Responses!.TryGetValue("200", out var answer)
            && answer.Content?.TryGetValue("text/event-stream", out var events) == true)
        {
            ((OpenApiMediaType)events).Schema = new OpenApiSchema { Type = JsonSchemaType.String };
        }
    }
}
